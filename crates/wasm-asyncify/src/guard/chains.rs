//! Bounds the stack that a chain of functions without a check can use.
//!
//! Functions that call each other, one after the other, are a *chain*. A function with a check begins a new chain:
//! when it calls another function, the stack pointer is above the limit, its own frame included. So the stack
//! cannot overflow if
//!
//! > the frames of each chain of functions without a check are within the reserve.
//!
//! ```text
//!   limit ── f ── g ── type ── h              f, g, h: no check        16 + 48 + 32 <= RESERVE
//!                  └── C ─┤                   C is checked: its callees begin at the limit
//!                         └── e ── …          except e, which it calls before its prologue
//! ```
//!
//! So for each node of the call graph (`analysis/on_stack.rs`)
//!
//! ```text
//!   below(f) = frame(f) + max below(callee)             without a check
//!   below(f) =        max below(callee called early)    with one
//! ```
//!
//! and `below <= RESERVE` everywhere. Frames of size 0 add nothing: an indirect call is a node with such a frame.
//! In a cycle with frames `below` has no bound.
//!
//! At first every function with a frame has a check, so `below` is 0 everywhere. Then the checks are removed
//! tentatively, one by one. That increases `below` of the function and of its callers, up to a fixed point. If
//! `below` of one of them would exceed the reserve, as it always does in a cycle, the check is kept.

/// A vertex of the graph of calls, by its number.
pub(super) type Node = usize;

/// The state of one vertex.
#[derive(Clone, Debug, Default)]
struct Entry {
    /// The size of its frame in bytes; 0 if it is checked.
    frame: u64,
    is_checked: bool,
    /// Its callees, and whether it may call each of them before its check.
    calls: Vec<(Node, bool)>,
    callers: Vec<(Node, bool)>,
    /// The largest total size of the frames of a chain that begins here.
    below: u64,
}

/// The graph of calls.
#[derive(Clone, Debug)]
pub(super) struct Chains {
    entries: Vec<Entry>,
    reserve: u64,
}

impl Chains {
    /// A graph of `count` vertices without frames and calls.
    pub(super) fn new(count: usize, reserve: u64) -> Self {
        Self { entries: vec![Entry::default(); count], reserve }
    }

    /// Adds a call; `is_early` if it may be made before the caller's check. All calls come before the first
    /// [`uncheck`](Self::uncheck).
    pub(super) fn add_call(&mut self, caller: Node, callee: Node, is_early: bool) {
        self.entries[caller].calls.push((callee, is_early));
        self.entries[callee].callers.push((caller, is_early));
    }

    /// Gives a check to a vertex that has no frame yet.
    pub(super) fn check(&mut self, node: Node) {
        self.entries[node].is_checked = true;
    }

    pub(super) fn is_checked(&self, node: Node) -> bool {
        self.entries[node].is_checked
    }

    /// The number of calls of the vertex.
    pub(super) fn callers(&self, node: Node) -> u64 {
        self.entries[node].callers.len() as u64
    }

    /// Removes the check of a vertex with a frame of `frame` bytes, if that is possible. Returns whether it is.
    pub(super) fn uncheck(&mut self, node: Node, frame: u64) -> bool {
        let before = self.entries[node].is_checked;
        self.entries[node].is_checked = false;
        self.entries[node].frame = frame;
        let mut undo: Vec<(Node, u64)> = Vec::new();
        let mut waiting = vec![node];
        while let Some(next) = waiting.pop() {
            let below = self.below(next);
            let entry = &mut self.entries[next];
            if below <= entry.below {
                continue;
            }
            if below > self.reserve {
                for (node, below) in undo.into_iter().rev() {
                    self.entries[node].below = below;
                }
                self.entries[node].is_checked = before;
                self.entries[node].frame = 0;
                return false;
            }
            undo.push((next, entry.below));
            entry.below = below;
            let callers = self.entries[next].callers.iter();
            let is_met = |(caller, early): &&(Node, bool)| *early || !self.is_checked(*caller);
            waiting.extend(callers.filter(is_met).map(|(caller, _)| *caller));
        }
        true
    }

    /// Computes `below` of a vertex from that of its callees.
    fn below(&self, node: Node) -> u64 {
        let Entry { frame, is_checked, calls, .. } = &self.entries[node];
        let met = calls.iter().filter(|(_, early)| *early || !is_checked);
        frame + met.map(|(callee, _)| self.entries[*callee].below).max().unwrap_or(0)
    }

    /// By node: how far below the limit the stack pointer may be when the node is called, in bytes.
    pub(super) fn arrivals(&self) -> Vec<u64> {
        let mut arrivals = vec![0; self.entries.len()];
        let mut waiting: Vec<Node> = (0..self.entries.len()).collect();
        while let Some(node) = waiting.pop() {
            let Entry { frame, is_checked, calls, .. } = &self.entries[node];
            for (callee, early) in calls {
                let at = match (is_checked, early) {
                    (false, _) => arrivals[node] + frame,
                    (true, true) => arrivals[node],
                    (true, false) => continue,
                };
                if at > arrivals[*callee] {
                    arrivals[*callee] = at;
                    waiting.push(*callee);
                }
            }
        }
        arrivals
    }
}
