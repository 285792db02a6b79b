"""From state to what people read: the report, its schema, and the page."""
