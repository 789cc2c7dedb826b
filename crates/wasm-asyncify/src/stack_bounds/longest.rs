//! Longest paths in a graph whose vertices have lengths, and the cycles that make them endless.
//!
//! A set of vertices in which each can be reached from each other is a *component*. Between components there are no
//! cycles, and Tarjan's algorithm finds a component after all that can be reached from it. So one pass in this order
//! computes the longest path from each component:
//!
//! ```text
//!   longest(c) = length(c) + max longest(d), for each d that a vertex in c has an edge to
//! ```
//!
//! The length of a component of one vertex is that of the vertex. A component with a cycle has length 0 if all its
//! vertices have. Otherwise there is no longest path from it, nor from anything that leads to it.

use std::collections::VecDeque;

/// A vertex, by its number.
pub(super) type Node = usize;

/// A graph, with its components.
#[derive(Debug)]
pub(super) struct Graph {
    /// By vertex.
    edges: Vec<Vec<Node>>,
    /// By vertex: the number of its component. A component has a larger number than those that it leads to.
    component: Vec<usize>,
    /// By component: its vertices.
    members: Vec<Vec<Node>>,
}

impl Graph {
    /// A graph with these edges, by vertex.
    pub(super) fn new(edges: Vec<Vec<Node>>) -> Self {
        let members = components(&edges);
        let mut component = vec![0; edges.len()];
        for (number, members) in members.iter().enumerate() {
            for node in members {
                component[*node] = number;
            }
        }
        Self { edges, component, members }
    }

    /// Whether a vertex is on a cycle.
    pub(super) fn is_on_cycle(&self, node: Node) -> bool {
        self.members[self.component[node]].len() > 1 || self.edges[node].contains(&node)
    }

    /// The longest path from a vertex: its length, and those of its vertices that have a length, in order. None if there
    /// is no longest one.
    pub(super) fn longest(&self, from: Node, length: &[u64]) -> Option<(u64, Vec<Node>)> {
        // By component: the length of the longest path, and the component that comes next on it.
        let mut best: Vec<Option<(u64, Option<usize>)>> = Vec::with_capacity(self.members.len());
        for members in &self.members[..=self.component[from]] {
            best.push(self.best(members, length, &best));
        }
        let mut at = Some(self.component[from]);
        let (total, _) = best[self.component[from]]?;
        let mut path = Vec::new();
        while let Some(component) = at {
            path.extend(self.members[component].iter().filter(|node| length[**node] > 0));
            at = best[component]?.1;
        }
        Some((total, path))
    }

    /// The longest path from a component with these members, given those from all that it leads to.
    fn best(
        &self,
        members: &[Node],
        length: &[u64],
        best: &[Option<(u64, Option<usize>)>],
    ) -> Option<(u64, Option<usize>)> {
        let own: u64 = members.iter().map(|node| length[*node]).sum();
        if own > 0 && self.is_on_cycle(members[0]) {
            return None;
        }
        let mut longest = (0, None);
        for next in members.iter().flat_map(|node| &self.edges[*node]) {
            let next = self.component[*next];
            // An edge within the component is one of a cycle without a length.
            if let Some(other) = best.get(next) {
                let (further, _) = (*other)?;
                if longest.1.is_none() || further > longest.0 {
                    longest = (further, Some(next));
                }
            }
        }
        Some((own + longest.0, longest.1))
    }

    /// A shortest path from a vertex to one of these: all vertices on it, both ends included.
    pub(super) fn way(&self, from: Node, is_meant: impl Fn(Node) -> bool) -> Option<Vec<Node>> {
        self.search(&[from], is_meant)
    }

    /// A shortest cycle through a vertex: the vertex first, and not again at the end. None if there is none.
    pub(super) fn cycle(&self, node: Node) -> Option<Vec<Node>> {
        let mut way = self.search(&self.edges[node], |other| other == node)?;
        way.pop();
        way.insert(0, node);
        Some(way)
    }

    /// A shortest path from one of `from`.
    fn search(&self, from: &[Node], is_meant: impl Fn(Node) -> bool) -> Option<Vec<Node>> {
        // By vertex: the one before it.
        let mut before: Vec<Option<Node>> = vec![None; self.edges.len()];
        let mut is_seen = vec![false; self.edges.len()];
        let mut waiting = VecDeque::new();
        let mut found = None;
        for node in from {
            if !std::mem::replace(&mut is_seen[*node], true) {
                waiting.push_back(*node);
            }
        }
        while let Some(node) = waiting.pop_front() {
            if is_meant(node) {
                found = Some(node);
                break;
            }
            for next in &self.edges[node] {
                if !std::mem::replace(&mut is_seen[*next], true) {
                    before[*next] = Some(node);
                    waiting.push_back(*next);
                }
            }
        }
        let mut way = vec![found?];
        while let Some(node) = before[way[way.len() - 1]] {
            way.push(node);
        }
        way.reverse();
        Some(way)
    }
}

/// The components of a graph, each after all that can be reached from it: Tarjan's algorithm. It has a stack of its own,
/// since chains of calls are long.
fn components(edges: &[Vec<Node>]) -> Vec<Vec<Node>> {
    /// What is known of a vertex that was visited.
    #[derive(Clone, Copy)]
    struct Visited {
        /// When it was visited.
        number: usize,
        /// The earliest number that it can reach, of vertices whose component is not known yet.
        low: usize,
        is_open: bool,
    }
    let mut visited: Vec<Option<Visited>> = vec![None; edges.len()];
    let mut found = Vec::new();
    // Vertices whose component is not known yet.
    let mut open: Vec<Node> = Vec::new();
    let mut count = 0;
    for root in 0..edges.len() {
        if visited[root].is_some() {
            continue;
        }
        // The path to the current vertex, each with how many of its edges were followed.
        let mut path = vec![(root, 0)];
        while let Some((node, followed)) = path.last_mut() {
            let (node, edge) = (*node, *followed);
            *followed += 1;
            let own = *visited[node].get_or_insert_with(|| {
                open.push(node);
                count += 1;
                Visited { number: count, low: count, is_open: true }
            });
            if let Some(next) = edges[node].get(edge) {
                match visited[*next] {
                    None => path.push((*next, 0)),
                    Some(other) if other.is_open => {
                        visited[node] = Some(Visited { low: own.low.min(other.number), ..own });
                    }
                    Some(_) => {}
                }
                continue;
            }
            path.pop();
            if let Some((caller, _)) = path.last()
                && let Some(caller) = &mut visited[*caller]
            {
                caller.low = caller.low.min(own.low);
            }
            if own.low == own.number {
                let at = open.iter().rposition(|other| *other == node).unwrap_or_default();
                let members = open.split_off(at);
                for member in &members {
                    if let Some(member) = &mut visited[*member] {
                        member.is_open = false;
                    }
                }
                found.push(members);
            }
        }
    }
    found
}
