//! What is typed into the forms of a user interface.

/// One form: a line for each field.
pub(super) fn form(fields: &[(&str, String)]) -> String {
    let lines = fields
        .iter()
        .map(|(name, value)| format!("{name}: {value}\n"));
    lines.collect()
}

/// Several forms, with an empty line between.
pub(super) fn forms(forms: impl IntoIterator<Item = String>) -> String {
    let forms: Vec<String> = forms.into_iter().collect();
    forms.join("\n")
}

/// A list with one value in each line.
pub(super) fn list<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let lines = values
        .into_iter()
        .map(|value| format!("{}\n", value.to_string()));
    lines.collect()
}
