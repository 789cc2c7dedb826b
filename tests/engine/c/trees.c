// Generators that are suspended deep in a recursion: do two trees have the same fringe? Trees of
// 64-bit keys, walked through a pointer to a function, with an array of the walker's on its C stack.
#include "switch.h"

typedef struct node {
  struct node *left, *right;
  long long key;
} node;

static node nodes[64];
static int used;

static node *insert(node *root, long long key) {
  if (!root) {
    node *made = &nodes[used++];
    *made = (node){0, 0, key};
    return made;
  }
  if (key < root->key) root->left = insert(root->left, key);
  else root->right = insert(root->right, key);
  return root;
}

typedef int walk(coroutine *self, node *at, int depth, long long path[8]);

static int walk_up(coroutine *self, node *at, int depth, long long path[8]);
static int walk_down(coroutine *self, node *at, int depth, long long path[8]);
static walk *const walks[] = {walk_up, walk_down};

static int walk_up(coroutine *self, node *at, int depth, long long path[8]) {
  if (!at) return 0;
  path[depth & 7] = at->key;
  int before = walks[0](self, at->left, depth + 1, path);
  suspend(self, at->key);
  // It is the walk's own entry, whatever was done meanwhile.
  if (path[depth & 7] != at->key) put_text("the path was lost\n");
  int after = walks[0](self, at->right, depth + 1, path);
  return before + 1 + after;
}

static int walk_down(coroutine *self, node *at, int depth, long long path[8]) {
  if (!at) return 0;
  long long mine[3] = {at->key, at->key * 3, at->key * 5};
  int count = walks[1](self, at->right, depth + 1, path);
  for (int i = 0; i < COUNT(mine); i++) {
    switch ((mine[i] + depth) % 3) {
      case 0: suspend(self, mine[i]); break;
      case 1: suspend(self, -mine[i]); // and on
      default: count += i;
    }
  }
  return count + walks[1](self, at->left, depth + 1, path);
}

static node *roots[3];
static long long results[4];

static void upwards(coroutine *self, long long tree) {
  long long path[8] = {0};
  results[tree] = walk_up(self, roots[tree], 0, path);
}

static void downwards(coroutine *self, long long tree) {
  long long path[8] = {0};
  results[3] = walk_down(self, roots[tree], 0, path);
}

static coroutine one, other;

static void compare(int left, int right) {
  create(&one, upwards, left);
  create(&other, upwards, right);
  for (int step = 0;; step++) {
    long long a = 0, b = 0;
    int has_a = resume(&one, &a), has_b = resume(&other, &b);
    put_integer(a);
    put_text(a == b ? " = " : " / ");
    put_integer(b);
    put_text("\n");
    if (has_a != has_b || a != b) break;
    if (!has_a) return put_text("the same fringe\n");
  }
  put_text("different\n");
}

MAIN {
  const long long keys[] = {50, 20, 70, 10, 30, 60, 80000000000, 25, 35, -4};
  for (int i = 0; i < COUNT(keys); i++) roots[0] = insert(roots[0], keys[i]);
  for (int i = COUNT(keys) - 1; i >= 0; i--) roots[1] = insert(roots[1], keys[i]);
  for (int i = 0; i < COUNT(keys); i += 2) roots[2] = insert(roots[2], keys[i]);
  compare(0, 1);
  compare(0, 2);
  create(&one, downwards, 0);
  for (long long value; resume(&one, &value);) {
    put_integer(value);
    put_text(" ");
  }
  for (int i = 0; i < COUNT(results); i++) {
    put_text("\nresult ");
    put_integer(results[i]);
  }
  put_text("\n");
}
