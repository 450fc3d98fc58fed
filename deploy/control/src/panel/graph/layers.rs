//! The layers of a graph: every line leads down, but those that close a loop. A line over several layers gets a place
//! in each, so that boxes make room for it. (Sugiyama, Tagawa, Toda 1981.)

/// A line from a node to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    /// Which of the outputs of `from` it leaves by, from the left.
    pub port: usize,
    /// How many outputs there are.
    pub ports: usize,
}

/// What stands in a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Item {
    Node(usize),
    /// The line of this number passes through.
    Pass(usize),
}

/// The items of each layer from left to right, and which lines close a loop.
#[derive(Debug)]
pub struct Layers {
    pub layers: Vec<Vec<Item>>,
    pub is_back: Vec<bool>,
    /// The layer of each node.
    pub of: Vec<usize>,
}

/// How often the order of the layers is improved: after a few rounds it changes no more.
const ROUNDS: usize = 6;

/// Puts nodes 0 to `count` into layers.
pub fn layers(count: usize, edges: &[Edge]) -> Layers {
    let (is_back, order) = walk(count, edges);
    let mut of = vec![0; count];
    // In this order every node comes behind all that lead to it, but for loops.
    for node in &order {
        for (edge, is_back) in edges.iter().zip(&is_back).filter(|(edge, _)| edge.from == *node) {
            if !is_back {
                of[edge.to] = of[edge.to].max(of[*node] + 1);
            }
        }
    }
    let depth = of.iter().max().map_or(0, |deepest| deepest + 1);
    let mut layers = vec![Vec::new(); depth];
    for node in order {
        layers[of[node]].push(Item::Node(node));
    }
    for (number, edge) in edges.iter().enumerate().filter(|(number, _)| !is_back[*number]) {
        for layer in &mut layers[of[edge.from] + 1..of[edge.to]] {
            layer.push(Item::Pass(number));
        }
    }
    let mut found = Layers { layers, is_back, of };
    for _ in 0..ROUNDS {
        found.improve(edges);
    }
    found
}

/// Depth first from the start, outputs from left to right; without recursion, since a chain may be long. Returns which
/// lines lead back to a node on the way to their own, and the nodes in topological order. In a draft some steps are not
/// reached from the start: each is a beginning of its own.
fn walk(count: usize, edges: &[Edge]) -> (Vec<bool>, Vec<usize>) {
    let mut leaving = vec![Vec::new(); count];
    for (number, edge) in edges.iter().enumerate() {
        leaving[edge.from].push(number);
    }
    let (mut is_back, mut seen, mut on_way) = (vec![false; edges.len()], vec![false; count], vec![false; count]);
    let mut left = Vec::new();
    for root in 0..count {
        if seen[root] {
            continue;
        }
        let mut way = vec![(root, 0)];
        seen[root] = true;
        on_way[root] = true;
        while let Some((node, next)) = way.last_mut() {
            let Some(number) = leaving[*node].get(*next).copied() else {
                on_way[*node] = false;
                left.push(*node);
                way.pop();
                continue;
            };
            *next += 1;
            let to = edges[number].to;
            if on_way[to] {
                is_back[number] = true;
            } else if !seen[to] {
                seen[to] = true;
                on_way[to] = true;
                way.push((to, 0));
            }
        }
    }
    left.reverse();
    (is_back, left)
}

impl Layers {
    /// The item above a lower end and the item below an upper end of each part of a line.
    pub fn parts<'s>(&'s self, edges: &'s [Edge]) -> impl Iterator<Item = (usize, usize, Item, Item)> + 's {
        let forward = edges.iter().enumerate().filter(|(number, _)| !self.is_back[*number]);
        forward.flat_map(|(number, edge)| {
            let (top, bottom) = (self.of[edge.from], self.of[edge.to]);
            (top..bottom).map(move |layer| {
                let above = if layer == top { Item::Node(edge.from) } else { Item::Pass(number) };
                let below = if layer + 1 == bottom { Item::Node(edge.to) } else { Item::Pass(number) };
                (number, layer, above, below)
            })
        })
    }

    /// Orders each layer by the middle of what leads there: first down by what stands above.
    fn improve(&mut self, edges: &[Edge]) {
        let parts: Vec<_> = self.parts(edges).collect();
        for layer in 1..self.layers.len() {
            let above = self.layers[layer - 1].clone();
            let middle = |item: &Item| {
                let places: Vec<f64> = (parts.iter())
                    .filter(|(_, top, _, below)| *top + 1 == layer && below == item)
                    .filter_map(|(number, _, upper, _)| {
                        let place = above.iter().position(|one| one == upper)?;
                        // Outputs of one box keep their order.
                        let edge = edges[*number];
                        Some(place as f64 + (edge.port as f64 + 0.5) / edge.ports.max(1) as f64)
                    })
                    .collect();
                places.iter().sum::<f64>() / places.len().max(1) as f64
            };
            self.layers[layer].sort_by(|a, b| middle(a).total_cmp(&middle(b)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(pairs: &[(usize, usize)]) -> Vec<Edge> {
        pairs.iter().map(|(from, to)| Edge { from: *from, to: *to, port: 0, ports: 1 }).collect()
    }

    #[test]
    fn a_node_stands_below_everything_that_leads_to_it_and_long_lines_get_places() {
        let found = layers(4, &edges(&[(0, 1), (1, 2), (2, 3), (0, 3)]));
        assert_eq!(found.of, [0, 1, 2, 3]);
        assert_eq!(found.layers[1].len() + found.layers[2].len(), 4);
        assert!(found.layers[2].contains(&Item::Pass(3)));
    }

    #[test]
    fn a_line_that_closes_a_loop_changes_no_layer() {
        let found = layers(3, &edges(&[(0, 1), (1, 2), (2, 1), (2, 2)]));
        assert_eq!((found.of, found.is_back), (vec![0, 1, 2], vec![false, false, true, true]));
    }

    #[test]
    fn a_node_that_nothing_leads_to_begins_beside_the_first() {
        let found = layers(4, &edges(&[(0, 1), (3, 2), (2, 1)]));
        assert_eq!(found.of, [0, 2, 1, 0]);
        assert_eq!(found.is_back, [false; 3]);
    }

    #[test]
    fn a_long_chain_is_no_deep_call() {
        let pairs: Vec<_> = (0..1_000).map(|at| (at, at + 1)).collect();
        assert_eq!(layers(1_001, &edges(&pairs)).layers.len(), 1_001);
    }
}
