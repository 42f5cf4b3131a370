//! Property lists as XML.
//!
//! Source: Apple, PropertyList-1.0.dtd.

use data_encoding::BASE64;

/// A value of a property list.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    Number(u32),
    Flag(bool),
    Data(Vec<u8>),
    List(Vec<Self>),
    Dict(Vec<(&'static str, Self)>),
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The whole file.
    pub(super) fn document(&self) -> String {
        let mut out = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
             <plist version=\"1.0\">\n",
        );
        self.write(&mut out, 0);
        out.push_str("</plist>\n");
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        match self {
            Self::Text(text) => line(out, &indent, &element("string", text)),
            Self::Number(number) => line(out, &indent, &element("integer", &number.to_string())),
            Self::Flag(flag) => line(out, &indent, if *flag { "<true/>" } else { "<false/>" }),
            Self::Data(data) => line(out, &indent, &element("data", &BASE64.encode(data))),
            Self::List(values) => {
                line(out, &indent, "<array>");
                for value in values {
                    value.write(out, depth + 1);
                }
                line(out, &indent, "</array>");
            }
            Self::Dict(entries) => {
                line(out, &indent, "<dict>");
                for (key, value) in entries {
                    line(out, &format!("{indent}  "), &element("key", key));
                    value.write(out, depth + 1);
                }
                line(out, &indent, "</dict>");
            }
        }
    }
}

fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

fn line(out: &mut String, indent: &str, text: &str) {
    out.push_str(indent);
    out.push_str(text);
    out.push('\n');
}

/// XML 1.0 §2.4. `>` is only needed behind `]]`, and the quotes only in attributes, but no reader minds them.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_xml_comes_back_as_it_was() {
        let odd = "a&b<c>d\"e'f]]>g";
        let document = Value::Dict(vec![("Odd", Value::text(odd))]).document();
        let options = roxmltree::ParsingOptions {
            allow_dtd: true,
            ..roxmltree::ParsingOptions::default()
        };
        let read = roxmltree::Document::parse_with_options(&document, options).unwrap();
        let text = read.descendants().find(|node| node.has_tag_name("string"));
        assert_eq!(text.unwrap().text(), Some(odd));
    }
}
