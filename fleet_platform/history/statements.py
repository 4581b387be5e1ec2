"""What the writer asks of the database."""

from __future__ import annotations

CLAIM = """
INSERT INTO history.writer AS w (name, seq) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET seq = excluded.seq WHERE w.seq < excluded.seq
RETURNING seq
"""
"""Takes the number of a batch; no row if it, or a later one, is written already."""

NUMBER = """
INSERT INTO history.series AS s (device, component, field, kind, unit)
SELECT d.id, n.component, n.field, n.kind, n.unit
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS n (device, component, field, kind, unit)
JOIN device.list d ON lower(d.external_id) = lower(n.device)
ON CONFLICT (device, component, field) DO UPDATE SET kind = excluded.kind, unit = excluded.unit
RETURNING s.id, (SELECT lower(d.external_id) FROM device.list d WHERE d.id = s.device) AS device, s.component, s.field,
    s.words
"""

KINDS = "SELECT id, kind, words FROM history.series WHERE id = ANY ($1::integer[])"

LAST = "SELECT series, value FROM history.last_values($1::integer[])"

WORDS = "UPDATE history.series SET words = $2::text[] WHERE id = $1"

ADD = """
SELECT history.add($1::integer[], ARRAY(SELECT to_timestamp(ms / 1000.0) FROM unnest($2::bigint[]) AS ms), $3::float8[])
"""

JOURNAL = """
INSERT INTO history.entry (ts, device, name, data)
SELECT to_timestamp(ms / 1000.0), device, name, data::jsonb
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS e (ms, device, name, data)
"""
