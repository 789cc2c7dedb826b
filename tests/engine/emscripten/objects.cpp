// C++: exceptions whose handlers and destructors wait, pointers to members, virtual bases, what the
// library calls back.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "nap.h"

namespace {

struct Noisy {
  explicit Noisy(std::string name) : name(std::move(name)) {
    nap();
    printf("+%s\n", this->name.c_str());
  }
  ~Noisy() {
    nap();
    printf("-%s\n", name.c_str());
  }
  std::string name;
};

struct Base {
  virtual ~Base() { nap(); }
  virtual int value(int with) { nap(); return with + own; }
  int plain(int with) { nap(); return with * own; }
  int own = 2;
};
struct Left : virtual Base {
  int value(int with) override { nap(); return Base::value(with) * 10; }
};
struct Right : virtual Base {
  long long wide = 1LL << 40;
};
struct Both : Left, Right {
  int value(int with) override { nap(); return Left::value(with) + int(wide >> 38); }
};

struct Failure : std::runtime_error {
  Failure(int depth) : std::runtime_error("at " + std::to_string(depth)), depth(depth) { nap(); }
  int depth;
};

int deep(int depth) {
  Noisy here("level " + std::to_string(depth));
  if (depth == 0) throw Failure(depth);
  try {
    return deep(depth - 1) + 1;
  } catch (const Failure &failure) {
    nap();
    printf("caught %s at %d\n", failure.what(), depth);
    if (depth % 2) throw;
    nap();
    throw Failure(failure.depth + depth);
  }
}

void pointers_to_members() {
  Both both;
  int (Base::*called[])(int) = {&Base::value, &Base::plain};
  for (auto member : called) printf("member %d\n", (both.*member)(3));
  Base *base = &both;
  Right *right = dynamic_cast<Right *>(base);
  printf("field %d, cross cast %d\n", base->*(&Base::own), right ? right->value(1) : -1);
  std::unique_ptr<Base> owned = std::make_unique<Left>();
  auto bound = std::bind(&Base::value, owned.get(), std::placeholders::_1);
  std::function<int(int)> twice = [&](int with) { return bound(with) + (nap(), bound(with)); };
  printf("bound %d\n", twice(4));
}

void library() {
  std::vector<std::string> words{"pear", "fig", "apple", "kiwi", "date", "plum", "lime", "nut"};
  std::sort(words.begin(), words.end(), [](const std::string &a, const std::string &b) {
    nap();
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  auto longer = [](const std::string &a, const std::string &b) { nap(); return a > b; };
  std::map<std::string, int, decltype(longer)> places(longer);
  for (size_t i = 0; i < words.size(); i++) places[words[i]] = int(i);
  for (auto &[word, place] : places) printf("%s %d\n", word.c_str(), place);
  try {
    std::for_each(words.begin(), words.end(), [](const std::string &word) {
      nap();
      if (word == "lime") throw word;
    });
  } catch (const std::string &word) {
    nap();
    printf("thrown through the library: %s\n", word.c_str());
  }
}

} // namespace

int main() {
  pointers_to_members();
  try {
    deep(4);
  } catch (const std::exception &failure) {
    nap();
    printf("at last %s\n", failure.what());
  }
  library();
  try {
    try {
      throw 7;
    } catch (int number) {
      nap();
      std::throw_with_nested(std::logic_error("around " + std::to_string(number)));
    }
  } catch (const std::logic_error &outer) {
    nap();
    try {
      std::rethrow_if_nested(outer);
    } catch (int number) {
      nap();
      printf("%s: %d\n", outer.what(), number);
    }
  }
  printf("naps: %d\n", naps);
}
