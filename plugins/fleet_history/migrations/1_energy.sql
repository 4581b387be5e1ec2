-- What energy costs, how far meters were read, and questions that the history itself does not answer.

------------------------------------------------------------UP

CREATE TABLE tariff (
    name     text             PRIMARY KEY CHECK (name <> ''),
    currency text             NOT NULL,
    zone     text             NOT NULL,
    price    double precision NOT NULL,
    bands    jsonb            NOT NULL DEFAULT '[]',
    updated  timestamptz      NOT NULL DEFAULT now()
);

COMMENT ON TABLE tariff IS 'What energy costs at which time of the week.';
COMMENT ON COLUMN tariff.name IS 'Name of the tariff.';
COMMENT ON COLUMN tariff.currency IS 'Three letters, such as EUR.';
COMMENT ON COLUMN tariff.zone IS 'Time zone whose clock the bands follow.';
COMMENT ON COLUMN tariff.price IS 'Of a kilowatt-hour, outside of all bands.';
COMMENT ON COLUMN tariff.bands IS 'Parts of the week with another price.';
COMMENT ON COLUMN tariff.updated IS 'When it was set last.';

CREATE TABLE meter (
    device    integer     NOT NULL REFERENCES device.list (id) ON DELETE CASCADE,
    component text        NOT NULL,
    looked    timestamptz,
    oldest    timestamptz,
    added     bigint      NOT NULL DEFAULT 0,
    problem   text,
    updated   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (device, component)
);

COMMENT ON TABLE meter IS 'Meters that record energy themselves, and how far their records were read.';
COMMENT ON COLUMN meter.device IS 'The device.';
COMMENT ON COLUMN meter.component IS 'Component key, such as emdata:0.';
COMMENT ON COLUMN meter.looked IS 'Up to when gaps between samples were looked for and filled; null for never.';
COMMENT ON COLUMN meter.oldest IS 'Down to when records from before the first sample were read; null for none.';
COMMENT ON COLUMN meter.added IS 'How many samples were added in all.';
COMMENT ON COLUMN meter.problem IS 'Why the last attempt failed; null if it did not.';
COMMENT ON COLUMN meter.updated IS 'When that was.';

-- ---- consumption ---------------------------------------------------------------------------------------------

CREATE FUNCTION consumption(
    wanted integer[], places integer[], since timestamptz, till timestamptz, grain interval, coarsest smallint,
    periods timestamptz[], bands integer[], zone text
) RETURNS TABLE (place integer, period integer, band integer, energy double precision)
LANGUAGE plpgsql STABLE SET enable_mergejoin = off SET work_mem = '32MB' AS $$
BEGIN
    -- Period and band are worked out once for each time there is, and not for each row; sorting all rows for a merge
    -- would take longer than all the rest.
    RETURN QUERY EXECUTE format(
        'WITH grid AS MATERIALIZED (
             SELECT g.ts, width_bucket(g.ts, $3) AS period, coalesce($4[
                 (extract(isodow FROM g.ts AT TIME ZONE %1$L)::integer - 1) * 96
                 + extract(hour FROM g.ts AT TIME ZONE %1$L)::integer * 4
                 + extract(minute FROM g.ts AT TIME ZONE %1$L)::integer / 15 + 1
             ], 0) AS band
             FROM generate_series(%2$L::timestamptz, %3$L::timestamptz, %4$L::interval) AS g (ts)
         ), summed AS MATERIALIZED (
             SELECT r.series, g.period, g.band, sum(r.delta) AS energy
             FROM (%5$s) AS r JOIN grid g ON g.ts = date_bin(%4$L::interval, r.ts, ''2000-01-01 00:00+00'')
             WHERE r.delta IS NOT NULL GROUP BY 1, 2, 3
         )
         SELECT c.place, s.period, s.band, sum(s.energy)
         FROM unnest($1, $2) AS c (series, place) JOIN summed s ON s.series = c.series GROUP BY 1, 2, 3',
        zone, since, till, grain, history.rows_of(coarsest, since, till)
    ) USING wanted, places, periods, bands;
END $$;

COMMENT ON FUNCTION consumption(
    integer[], integer[], timestamptz, timestamptz, interval, smallint, timestamptz[], integer[], text
) IS 'By how much counters grew: sums for each place (several series may share one), period and band of a tariff.';

-- ---- statistics ----------------------------------------------------------------------------------------------

CREATE FUNCTION figures(wanted integer[], since timestamptz, till timestamptz, coarsest smallint)
RETURNS TABLE (
    series integer, count bigint, avg double precision, min double precision, max double precision,
    last double precision, delta double precision
)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT r.series, sum(r.count)::bigint, sum(r.sum) / sum(r.count), min(r.min), max(r.max),
             (array_agg(r.last ORDER BY r.ts DESC))[1], sum(r.delta)
         FROM (%s) AS r GROUP BY r.series ORDER BY r.series', history.rows_of(coarsest, since, till)
    ) USING wanted;
END $$;

COMMENT ON FUNCTION figures(integer[], timestamptz, timestamptz, smallint) IS 'Some series over one time, as a whole.';

CREATE FUNCTION spans(wanted integer[]) RETURNS TABLE (series integer, first timestamptz, last timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT s.id, coalesce(
        (SELECT min(r.ts) FROM history.raw(ARRAY[s.id], begun.ts, begun.ts + interval '1 day') AS r), begun.ts
    ), (
        SELECT max(ts) FROM (
            SELECT max(x.ts) AS ts FROM history.sample x WHERE x.series = s.id
            UNION ALL SELECT max(x.ts) FROM history.late x WHERE x.series = s.id
            UNION ALL (
                SELECT x.day + x.ms[cardinality(x.ms)] * interval '1 ms' FROM history.packed x
                WHERE x.series = s.id ORDER BY x.day DESC LIMIT 1
            )
            UNION ALL SELECT max(x.ts) FROM history.day x WHERE x.series = s.id
        ) AS ends
    )
    FROM unnest(wanted) AS s (id) CROSS JOIN LATERAL (
        SELECT min(ts) AS ts FROM (
            SELECT min(x.ts) AS ts FROM history.day x WHERE x.series = s.id
            UNION ALL SELECT min(x.ts) FROM history.hour x WHERE x.series = s.id
            UNION ALL SELECT min(x.ts) FROM history.sample x WHERE x.series = s.id
            UNION ALL SELECT min(x.ts) FROM history.late x WHERE x.series = s.id
            UNION ALL SELECT min(x.day) FROM history.packed x WHERE x.series = s.id
        ) AS begins
    ) AS begun
$$;

COMMENT ON FUNCTION spans(integer[]) IS
    'From when to when there is something of each series; what is old is known by the hour or by the day.';

CREATE FUNCTION kept() RETURNS TABLE (
    level text, keep interval, done timestamptz, oldest timestamptz, bytes bigint, "rows" bigint
)
LANGUAGE sql STABLE AS $$
    SELECT l.name, l.keep, nullif(l.done, '2000-01-01 00:00+00'),
        min(to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC')
            FILTER (WHERE c.oid IS NOT NULL AND pg_relation_size(c.oid) > 0),
        coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint,
        coalesce(sum(pg_stat_get_live_tuples(c.oid)), 0)::bigint
    FROM history.level l
    JOIN pg_class p ON p.relnamespace = 'history'::regnamespace
        AND (p.relname = l.name OR (l.name = 'sample' AND p.relname = 'packed'))
    LEFT JOIN pg_inherits i ON i.inhparent = p.oid LEFT JOIN pg_class c ON c.oid = i.inhrelid
    GROUP BY l.name, l.rank, l.keep, l.done ORDER BY l.rank
$$;

COMMENT ON FUNCTION kept() IS 'What each level of the history holds; rows as the server estimates them.';

CREATE FUNCTION samples_kept() RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
    at timestamptz := (SELECT date_trunc('day', now() - keep, 'UTC') FROM history.level WHERE name = 'sample');
    part bigint;
    found bigint := 0;
    this record;
BEGIN
    FOR this IN SELECT name, done, rank FROM history.level WHERE rank >= 0 ORDER BY rank DESC LOOP
        IF this.rank = 0 THEN
            SELECT count(*) INTO part FROM history.sample WHERE ts >= at;
        ELSIF this.done > at THEN
            EXECUTE format('SELECT sum(count) FROM history.%I WHERE ts >= $1 AND ts < $2', this.name)
                INTO part USING at, this.done;
            at := this.done;
        ELSE
            part := 0;
        END IF;
        found := found + coalesce(part, 0);
    END LOOP;
    RETURN found;
END $$;

COMMENT ON FUNCTION samples_kept() IS 'How many samples are kept as they came, counted by their roll-ups.';

----------------------------------------------------------DOWN

DROP FUNCTION samples_kept, kept, spans, figures, consumption;
DROP TABLE meter;
DROP TABLE tariff;
