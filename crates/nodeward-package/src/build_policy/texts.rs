//! The settings of one level that people write into `pnpm-workspace.yaml` and `.yarnrc.yml`: block style, or a flow
//! list on one line. What is written otherwise is passed over; it is only shown.

/// The value of a key at the left margin.
pub(super) fn scalar(text: &str, key: &str) -> Option<String> {
    let (value, _) = at(text, key)?;
    (!value.is_empty()).then(|| unquote(value).to_owned())
}

/// The items of a list.
pub(super) fn list(text: &str, key: &str) -> Option<Vec<String>> {
    let (value, lines) = at(text, key)?;
    if let Some(inner) = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return Some(
            inner.split(',').map(|item| unquote(item).to_owned()).filter(|item| !item.is_empty()).collect(),
        );
    }
    let items = lines.map_while(|line| {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Some(None);
        }
        Some(Some(unquote(without_comment(line.strip_prefix('-')?)).to_owned()))
    });
    Some(items.flatten().collect())
}

/// The members of a mapping of scalars.
pub(super) fn map(text: &str, key: &str) -> Vec<(String, String)> {
    let Some((_, lines)) = at(text, key) else { return Vec::new() };
    let inner = lines.take_while(|line| line.trim().is_empty() || line.starts_with([' ', '\t']));
    let members = inner.filter(|line| !line.trim_start().starts_with('#')).filter_map(|line| {
        let (name, value) = without_comment(line).rsplit_once(':')?;
        Some((unquote(name).to_owned(), unquote(value).to_owned()))
    });
    members.collect()
}

/// What stands behind a key at the left margin, and the lines below it.
fn at<'t>(text: &'t str, key: &str) -> Option<(&'t str, impl Iterator<Item = &'t str>)> {
    let mut lines = text.lines();
    let value = lines.by_ref().find_map(|line| {
        let rest = line.strip_prefix(key).or_else(|| line.strip_prefix(&format!("\"{key}\"")))?;
        Some(without_comment(rest.strip_prefix(':')?))
    })?;
    Some((value, lines))
}

fn without_comment(text: &str) -> &str {
    text.split(" #").next().unwrap_or_default().trim()
}

fn unquote(text: &str) -> &str {
    let text = text.trim();
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}
