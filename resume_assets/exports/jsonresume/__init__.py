"""JSON Resume: a record as a document of that open schema, one document a line."""
