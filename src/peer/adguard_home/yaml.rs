//! YAML as a small tree with the rows of its nodes.
//!
//! The tree is made here, from the events of the reader: so it is never deeper than it should be, and an alias, which could make a few
//! lines into gigabytes, stays empty.

use saphyr_parser::{Event, Parser};

/// Deeper than this no configuration is.
const DEEPEST: usize = 32;

/// A value and the row where it begins, from 0.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) row: usize,
    value: Value,
}

#[derive(Debug, Default)]
enum Value {
    #[default]
    Nothing,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

static NOTHING: Node = Node {
    row: 0,
    value: Value::Nothing,
};

impl Node {
    /// What stands under a key; nothing if this is no map, or has no such key.
    pub(super) fn get(&self, key: &str) -> &Self {
        let Value::Map(entries) = &self.value else {
            return &NOTHING;
        };
        let found = entries.iter().find(|(known, _)| known == key);
        found.map_or(&NOTHING, |(_, node)| node)
    }

    /// The items of a list.
    pub(super) fn items(&self) -> impl Iterator<Item = &Self> {
        let list = match &self.value {
            Value::List(list) => list.as_slice(),
            _ => &[],
        };
        list.iter()
    }

    /// A scalar as it is written; empty if this is none.
    pub(super) fn text(&self) -> &str {
        match &self.value {
            Value::Text(text) => text,
            _ => "",
        }
    }
}

/// Reads the first document. What is wrong comes with its row.
pub(super) fn read(text: &str) -> Result<Node, (usize, String)> {
    // What is open, each with the key that it stands under.
    let mut open: Vec<(Option<String>, Node)> = Vec::new();
    // The key that waits for its value, in each open node.
    let mut keys: Vec<Option<String>> = Vec::new();
    // What is missing at the end is told of the last line.
    let last = text.lines().count().saturating_sub(1);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let row = error.marker().line().saturating_sub(1).min(last);
            (row, error.info().to_owned())
        })?;
        let row = span.start.line().saturating_sub(1).min(last);
        let value = match event {
            Event::Scalar(text, ..) => Value::Text(text.into_owned()),
            Event::Alias(_) => Value::Nothing,
            Event::SequenceStart(..) => Value::List(Vec::new()),
            Event::MappingStart(..) => Value::Map(Vec::new()),
            Event::SequenceEnd | Event::MappingEnd => {
                keys.pop();
                let Some((key, node)) = open.pop() else {
                    continue;
                };
                let Some(place) = open.last_mut() else {
                    return Ok(node);
                };
                add(place, key, node);
                continue;
            }
            _ => continue,
        };
        let opens = matches!(value, Value::List(_) | Value::Map(_));
        let mut key = None;
        if let (Some((_, parent)), Some(waiting)) = (open.last(), keys.last_mut())
            && matches!(parent.value, Value::Map(_))
        {
            match (waiting.take(), &value) {
                (Some(waiting), _) => key = Some(waiting),
                (None, Value::Text(text)) => {
                    *waiting = Some(text.clone());
                    continue;
                }
                // A key that is no text leads to nothing that is looked for: it is dropped, and its value has no name.
                (None, _) => *waiting = Some(String::new()),
            }
        }
        let node = Node { row, value };
        if !opens {
            match open.last_mut() {
                Some(place) => add(place, key, node),
                None => return Ok(node),
            }
            continue;
        }
        if open.len() >= DEEPEST {
            return Err((row, format!("it is more than {DEEPEST} levels deep")));
        }
        open.push((key, node));
        keys.push(None);
    }
    Ok(Node::default())
}

fn add((_, parent): &mut (Option<String>, Node), key: Option<String>, node: Node) {
    match &mut parent.value {
        Value::List(list) => list.push(node),
        Value::Map(map) => map.extend(key.map(|key| (key, node))),
        Value::Nothing | Value::Text(_) => {}
    }
}
