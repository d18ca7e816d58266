"""Results as a person reads them: text, HTML, files."""
