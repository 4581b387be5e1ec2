-- History: what may be asked.

------------------------------------------------------------UP

CREATE FUNCTION history.bin(bucket interval, ts timestamptz, zone text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    -- Buckets of days and months follow the clock on the wall, those of hours and less do not.
    SELECT CASE
        WHEN extract(year FROM bucket) > 0 OR extract(month FROM bucket) > 0 THEN
            (date_trunc('month', ts AT TIME ZONE zone) - (
                ((extract(year FROM ts AT TIME ZONE zone) * 12 + extract(month FROM ts AT TIME ZONE zone) - 1)::integer
                % (extract(year FROM bucket) * 12 + extract(month FROM bucket))::integer) * interval '1 month'
            )) AT TIME ZONE zone
        -- Whole weeks begin on Mondays: 2001-01-01 was one.
        WHEN extract(day FROM bucket) > 0 THEN
            date_bin(bucket, ts AT TIME ZONE zone, timestamp '2001-01-01') AT TIME ZONE zone
        ELSE date_bin(bucket, ts, '2000-01-01 00:00+00')
    END
$$;

COMMENT ON FUNCTION history.bin(interval, timestamptz, text) IS 'Begin of the bucket that a time falls into.';

CREATE FUNCTION history.level_for(size interval, zone text, since timestamptz) RETURNS smallint
LANGUAGE sql STABLE AS $$
    -- The coarsest level of which whole rows make a bucket; a day of a zone is made of hours, or of quarters in a zone
    -- that is not whole hours away from UTC.
    SELECT coalesce(max(l.rank), 0::smallint) FROM history.level l
    WHERE l.rank > 0 AND CASE
        WHEN l.name = 'day' THEN
            extract(hour FROM size) = 0 AND extract(minute FROM size) = 0 AND extract(second FROM size) = 0
            AND size >= interval '1 day' AND zone IN ('UTC', 'Etc/UTC')
        WHEN extract(hour FROM size) = 0 AND extract(minute FROM size) = 0 AND extract(second FROM size) = 0 THEN
            l.name <> 'hour' OR (
                extract(minute FROM since AT TIME ZONE zone) = extract(minute FROM since AT TIME ZONE 'UTC')
            )
        ELSE mod(extract(epoch FROM size), extract(epoch FROM l.bucket)) = 0
    END
$$;

COMMENT ON FUNCTION history.level_for(interval, text, timestamptz) IS
    'Rank of the level that answers a question about buckets.';

CREATE FUNCTION history.slices(coarsest smallint, since timestamptz, till timestamptz)
RETURNS TABLE (name text, slice_since timestamptz, slice_till timestamptz)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    at timestamptz := since;
    upto timestamptz;
    this record;
BEGIN
    -- From the coarsest to the finest: what a level no longer keeps comes from coarser ones, what is not made yet
    -- from finer ones.
    FOR this IN
        SELECT l.name, l.done, l.rank, lead(l.keep) OVER (ORDER BY l.rank DESC) AS finer
        FROM history.level l WHERE l.rank >= 0 ORDER BY l.rank DESC
    LOOP
        IF this.name = 'sample' THEN
            upto := till;
        ELSIF this.rank > coarsest THEN
            upto := least(till, this.done, date_trunc('day', now() - this.finer, 'UTC'));
        ELSE
            upto := least(till, this.done);
        END IF;
        IF upto > at THEN
            name := this.name;
            slice_since := at;
            slice_till := upto;
            RETURN NEXT;
            at := upto;
        END IF;
    END LOOP;
END $$;

COMMENT ON FUNCTION history.slices(smallint, timestamptz, timestamptz) IS 'Which level answers for which part of a time.';

CREATE FUNCTION history.rows_of(coarsest smallint, since timestamptz, till timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT coalesce(string_agg(CASE s.name
        WHEN 'sample' THEN format(
            'SELECT series, ts, 1 AS count, value AS sum, value AS min, value AS max, value AS last, delta
             FROM history.raw($1, %L, %L)', s.slice_since, s.slice_till)
        ELSE format(
            'SELECT series, ts, count, sum, min, max, last, delta FROM history.%I
             WHERE series = ANY ($1) AND ts >= %L AND ts < %L', s.name, s.slice_since, s.slice_till)
        END, ' UNION ALL '),
        'SELECT NULL::integer AS series, NULL::timestamptz AS ts, 0 AS count, 0::double precision AS sum,
         0::double precision AS min, 0::double precision AS max, 0::double precision AS last,
         0::double precision AS delta WHERE false')
    FROM history.slices(coarsest, since, till) AS s
$$;

COMMENT ON FUNCTION history.rows_of(smallint, timestamptz, timestamptz) IS
    'Statement that gives the rows of some series ($1) in a time, from the levels that answer for it.';

CREATE FUNCTION history.query(
    wanted integer[], since timestamptz, till timestamptz, bucket interval, zone text DEFAULT 'UTC',
    with_last boolean DEFAULT true
) RETURNS TABLE (
    series integer, ts timestamptz, count bigint, avg double precision, min double precision, max double precision,
    last double precision, delta double precision
)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT series, bin, sum(count)::bigint, sum(sum) / sum(count), min(min), max(max), %s, sum(delta)
         FROM (SELECT *, history.bin(%L::interval, ts, %L) AS bin FROM (%s) AS rows) AS binned
         GROUP BY series, bin ORDER BY series, bin',
        -- Half of what a question costs, so only for whom it is worth it.
        CASE WHEN with_last THEN '(array_agg(last ORDER BY ts DESC))[1]' ELSE 'NULL::double precision' END,
        bucket, zone, history.rows_of(history.level_for(bucket, zone, since), history.bin(bucket, since, zone), till)
    ) USING wanted;
END $$;

COMMENT ON FUNCTION history.query(integer[], timestamptz, timestamptz, interval, text, boolean) IS
    'Some series over a time in buckets, which begin with the one that the first time falls into. Buckets of whole days '
    'and months follow the clock of a zone. The last number of each bucket costs as much as all the rest.';

CREATE FUNCTION history.at(wanted integer[], moment timestamptz)
RETURNS TABLE (series integer, ts timestamptz, value double precision)
LANGUAGE sql STABLE AS $$
    -- What several tables know is the same but for how finely they know when it was.
    SELECT DISTINCT ON (w.series) w.series, known.ts, known.value
    FROM unnest(wanted) AS w (series) CROSS JOIN LATERAL (
        (SELECT s.ts, s.value FROM history.sample s
            WHERE s.series = w.series AND s.ts <= moment ORDER BY s.ts DESC LIMIT 1)
        UNION ALL
        (SELECT l.ts, l.value FROM history.late l
            WHERE l.series = w.series AND l.ts <= moment ORDER BY l.ts DESC LIMIT 1)
        UNION ALL
        (SELECT r.ts, r.value FROM (
            SELECT p.day FROM history.packed p WHERE p.series = w.series AND p.day + p.ms[1] * interval '1 ms' <= moment
            ORDER BY p.day DESC LIMIT 1
        ) AS p CROSS JOIN LATERAL history.raw(ARRAY[w.series], p.day, least(moment, p.day + interval '1 day')) AS r
            ORDER BY r.ts DESC LIMIT 1)
        UNION ALL
        (SELECT m.ts, m.last FROM history.minute m
            WHERE m.series = w.series AND m.ts <= moment - interval '1 minute' ORDER BY m.ts DESC LIMIT 1)
        UNION ALL
        (SELECT h.ts, h.last FROM history.hour h
            WHERE h.series = w.series AND h.ts <= moment - interval '1 hour' ORDER BY h.ts DESC LIMIT 1)
    ) AS known
    ORDER BY w.series, known.ts DESC
$$;

COMMENT ON FUNCTION history.at(integer[], timestamptz) IS
    'What some series were at a moment: the last number before it, and when that was.';

----------------------------------------------------------DOWN

DROP FUNCTION history.at, history.query, history.rows_of, history.slices, history.level_for, history.bin;
