// Whoever works with the workflow works with its dates, ids, fields and records: they come with it.
@_exported public import Records
