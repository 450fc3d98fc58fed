//! Where boxes stand and lines run, in pixels.

use std::collections::HashMap;

use super::layers::{Edge, Item, Layers, layers};

/// A point, or a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Point {
    pub x: i32,
    pub y: i32,
}

/// The size of a box.
pub const BOX: Point = Point { x: 200, y: 52 };
/// From box to box.
const GAP: Point = Point { x: 28, y: 64 };
/// What a line that passes a layer takes there.
const PASS_WIDTH: i32 = 20;
/// What stays free around everything.
const MARGIN: i32 = 12;
/// How far the loops lie from each other.
const LOOP_GAP: i32 = 14;

/// A way of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    pub points: Vec<Point>,
    pub is_back: bool,
}

/// A drawing.
#[derive(Debug)]
pub struct Drawing {
    /// The upper left corner of each node.
    pub places: Vec<Point>,
    pub ways: Vec<Way>,
    pub left: i32,
    pub width: i32,
    pub height: i32,
}

/// Draws nodes 0 to `count`.
pub fn place(count: usize, edges: &[Edge]) -> Drawing {
    let layers = layers(count, edges);
    let middles = middles(&layers, edges);
    let top = |layer: usize| MARGIN + i32::try_from(layer).unwrap_or(0) * (BOX.y + GAP.y);
    let middle = |item: Item| middles.get(&item_in(item, 0)).copied().unwrap_or(0);
    let places: Vec<Point> =
        (0..count).map(|node| Point { x: middle(Item::Node(node)) - BOX.x / 2, y: top(layers.of[node]) }).collect();
    let mut ways: Vec<Way> =
        layers.is_back.iter().map(|is_back| Way { points: Vec::new(), is_back: *is_back }).collect();
    run_forward(&layers, edges, &middles, &places, &mut ways);
    let forward = ways.iter().flat_map(|way| &way.points).map(|point| point.x);
    let left = places.iter().map(|place| place.x).chain(forward).min().unwrap_or(0);
    let loops = run_back(edges, &places, left, &mut ways);
    let points = || ways.iter().flat_map(|way| &way.points).map(|point| point.x);
    let left = points().chain([left]).min().unwrap_or(0) - MARGIN - if loops > 0 { LOOP_GAP } else { 0 };
    let right = places.iter().map(|place| place.x + BOX.x).chain(points()).max().unwrap_or(BOX.x) + MARGIN;
    let height = places
        .iter()
        .map(|place| place.y + BOX.y)
        .chain(ways.iter().flat_map(|way| &way.points).map(|p| p.y))
        .max()
        .unwrap_or(0)
        + MARGIN;
    Drawing { places, left, width: right - left, height, ways }
}

/// A line that passes has a middle in each layer; a node has one.
type Middles = HashMap<(Item, usize), i32>;

fn item_in(item: Item, layer: usize) -> (Item, usize) {
    match item {
        Item::Node(_) => (item, 0),
        Item::Pass(_) => (item, layer),
    }
}

/// The middle of each item: below what leads to it, as far as its neighbours leave room.
fn middles(layers: &Layers, edges: &[Edge]) -> Middles {
    let parts: Vec<_> = layers.parts(edges).collect();
    let mut middles = Middles::new();
    for (number, layer) in layers.layers.iter().enumerate() {
        let wanted = |item: &Item, middles: &Middles| {
            let above = parts.iter().filter(|(_, top, _, below)| *top + 1 == number && below == item);
            let starts: Vec<i32> = above
                .filter_map(|(edge, top, upper, _)| {
                    let middle = middles.get(&item_in(*upper, *top))?;
                    // Two boxes below one: each aims at its half, so that the pair stands under the middle.
                    let edge = edges[*edge];
                    let spread = if edge.ports > 1 {
                        (BOX.x + GAP.x) * (2 * small(edge.port) + 1 - small(edge.ports)) / 2
                    } else {
                        0
                    };
                    Some(middle + spread)
                })
                .collect();
            starts.iter().sum::<i32>() / small(starts.len().max(1))
        };
        let wanted: Vec<i32> = layer.iter().map(|item| wanted(item, &middles)).collect();
        let mut found: Vec<i32> = Vec::new();
        for (at, item) in layer.iter().enumerate() {
            let room = found.last().map(|before| before + (width(layer[at - 1]) + width(*item)) / 2 + GAP.x);
            found.push(room.map_or(wanted[at], |room| room.max(wanted[at])));
        }
        // Pushing to the right only would bend everything to the right.
        let pushed: i32 = found.iter().zip(&wanted).map(|(found, wanted)| found - wanted).sum();
        let back = pushed / small(found.len().max(1));
        for (item, middle) in layer.iter().zip(found) {
            middles.insert(item_in(*item, number), middle - back);
        }
    }
    middles
}

fn width(item: Item) -> i32 {
    match item {
        Item::Node(_) => BOX.x,
        Item::Pass(_) => PASS_WIDTH,
    }
}

fn small(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(0)
}

/// Lines lead from the lower edge of a box to the upper edge of another; where they go sideways, each has its own
/// height between the layers.
fn run_forward(layers: &Layers, edges: &[Edge], middles: &Middles, places: &[Point], ways: &mut [Way]) {
    let mut sideways = vec![0; layers.layers.len()];
    for (number, layer, upper, lower) in layers.parts(edges) {
        let edge = edges[number];
        let begin = match upper {
            Item::Node(node) => out_of(places[node], edge),
            Item::Pass(_) => Point { x: middles.get(&item_in(upper, layer)).copied().unwrap_or(0), y: bottom(layer) },
        };
        let x = middles.get(&item_in(lower, layer + 1)).copied().unwrap_or(begin.x);
        let end = Point { x, y: bottom(layer) + GAP.y };
        let points = &mut ways[number].points;
        if points.is_empty() {
            points.push(begin);
        }
        if begin.x != end.x {
            let height = begin.y + 24 + 7 * (sideways[layer] % 5);
            sideways[layer] += 1;
            points.extend([Point { x: begin.x, y: height }, Point { x: end.x, y: height }]);
        }
        match lower {
            Item::Node(_) => points.push(end),
            // Straight on through the layer.
            Item::Pass(_) if points.last().is_some_and(|last| last.x != end.x) => points.push(end),
            Item::Pass(_) => {}
        }
    }
}

fn bottom(layer: usize) -> i32 {
    MARGIN + small(layer) * (BOX.y + GAP.y) + BOX.y
}

fn out_of(place: Point, edge: Edge) -> Point {
    port(place, edge.port, edge.ports)
}

/// Where an output of a box ends, of so many.
pub fn port(place: Point, at: usize, count: usize) -> Point {
    let share = BOX.x * (small(at) + 1) / (small(count) + 1);
    Point { x: place.x + share, y: place.y + BOX.y }
}

/// Loops run on the left, each in its own lane, and sideways only between the layers, so that they cross no box;
/// returns how many there are.
fn run_back(edges: &[Edge], places: &[Point], left: i32, ways: &mut [Way]) -> i32 {
    let mut lane = 0;
    for (edge, way) in edges.iter().zip(ways).filter(|(_, way)| way.is_back) {
        lane += 1;
        let x = left - LOOP_GAP * lane;
        let (begin, to) = (out_of(places[edge.from], *edge), places[edge.to]);
        let end = Point { x: to.x + BOX.x / 4, y: to.y };
        let (below, above) = (begin.y + 18, end.y - 14);
        way.points = vec![
            begin,
            Point { x: begin.x, y: below },
            Point { x, y: below },
            Point { x, y: above },
            Point { x: end.x, y: above },
            end,
        ];
    }
    lane
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_never_overlap_and_lines_end_at_them() {
        let edge = |from, to, port, ports| Edge { from, to, port, ports };
        let edges = [
            edge(0, 1, 0, 1),
            edge(1, 2, 0, 2),
            edge(1, 3, 1, 2),
            edge(2, 4, 0, 1),
            edge(3, 4, 0, 1),
            edge(1, 4, 1, 2),
            edge(4, 1, 0, 1),
        ];
        let drawing = place(5, &edges);
        for (at, one) in drawing.places.iter().enumerate() {
            for other in &drawing.places[at + 1..] {
                assert!((one.x - other.x).abs() >= BOX.x || (one.y - other.y).abs() >= BOX.y, "{one:?} {other:?}");
            }
        }
        for (edge, way) in edges.iter().zip(&drawing.ways) {
            let (end, to) = (way.points.last().unwrap(), drawing.places[edge.to]);
            assert!(
                end.y >= to.y && end.y <= to.y + BOX.y && end.x >= to.x && end.x <= to.x + BOX.x,
                "{edge:?} {way:?}"
            );
            let straight = way.points.windows(2).all(|two| two[0].x == two[1].x || two[0].y == two[1].y);
            assert!(straight, "{way:?}");
            assert!(way.points.iter().all(|p| p.x >= drawing.left && p.x <= drawing.left + drawing.width));
        }
        assert_eq!(drawing.ways.iter().filter(|way| way.is_back).count(), 1);
    }

    #[test]
    fn a_chain_is_a_straight_line() {
        let edges: Vec<Edge> = (0..3).map(|from| Edge { from, to: from + 1, port: 0, ports: 1 }).collect();
        let drawing = place(4, &edges);
        assert!(drawing.places.iter().all(|place| place.x == drawing.places[0].x));
        assert!(drawing.ways.iter().all(|way| way.points.len() == 2));
    }
}
