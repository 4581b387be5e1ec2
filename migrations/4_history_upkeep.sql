-- History: partitions ahead and away, days that are packed, roll-ups that are made and made anew.

------------------------------------------------------------UP

CREATE FUNCTION history.increase(before double precision, now double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN now >= before THEN now - before WHEN now < before / 2 THEN now ELSE 0 END
$$;

COMMENT ON FUNCTION history.increase(double precision, double precision) IS
    'By how much a counter grew: one that fell below half was reset, one that fell by less went back to what it had last '
    'stored before it lost power. Null if there was no reading before.';

-- ---- partitions ----------------------------------------------------------------------------------------------

CREATE FUNCTION history.begin_of(of_level text, at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT date_bin(width, at, '2000-01-01 00:00+00') FROM history.level WHERE name = of_level
$$;

COMMENT ON FUNCTION history.begin_of(text, timestamptz) IS 'Begin of the partition that a time falls into.';

CREATE FUNCTION history.ensure(of_level text, since timestamptz, till timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    step interval := (SELECT width FROM history.level WHERE name = of_level);
    at timestamptz := history.begin_of(of_level, since);
    parent text;
    child text;
    made integer := 0;
BEGIN
    WHILE at <= till LOOP
        FOREACH parent IN ARRAY CASE of_level WHEN 'sample' THEN ARRAY['sample', 'packed'] ELSE ARRAY[of_level] END LOOP
            child := format('%s_%s', parent, to_char(at AT TIME ZONE 'UTC', 'YYYYMMDD'));
            CONTINUE WHEN to_regclass(format('history.%I', child)) IS NOT NULL;
            -- A day that is packed gets no new partition for samples: what comes late has a table of its own.
            CONTINUE WHEN parent = 'sample' AND at < (SELECT done FROM history.level WHERE name = 'sample');
            EXECUTE format(
                'CREATE TABLE history.%I PARTITION OF history.%I FOR VALUES FROM (%L) TO (%L)',
                child, parent, at, at + step
            );
            made := made + 1;
        END LOOP;
        at := at + step;
    END LOOP;
    RETURN made;
END $$;

COMMENT ON FUNCTION history.ensure(text, timestamptz, timestamptz) IS
    'Makes the partitions of a level for all times from the first to the second; returns how many were missing.';

CREATE FUNCTION history.expire(now timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    old record;
    dropped integer := 0;
BEGIN
    FOR old IN
        SELECT child.relname AS name
        FROM history.level l
        JOIN pg_class parent ON parent.relnamespace = 'history'::regnamespace
            AND (parent.relname = l.name OR (l.name = 'sample' AND parent.relname = 'packed'))
        JOIN pg_inherits i ON i.inhparent = parent.oid
        JOIN pg_class child ON child.oid = i.inhrelid
        WHERE to_date(right(child.relname, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC' + l.width < now - l.keep
    LOOP
        EXECUTE format('DROP TABLE history.%I', old.name);
        dropped := dropped + 1;
    END LOOP;
    DELETE FROM history.late late USING history.level l WHERE l.name = 'sample' AND late.ts < now - l.keep
        AND NOT EXISTS (
            SELECT FROM history.stale s WHERE s.series = late.series AND s.ts = date_trunc('hour', late.ts, 'UTC')
        );
    RETURN dropped;
END $$;

COMMENT ON FUNCTION history.expire(timestamptz) IS
    'Drops the partitions of all levels that are older than they are kept; returns how many.';

CREATE FUNCTION history.sweep(most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    gone integer[] := ARRAY(SELECT series FROM history.forgotten LIMIT most);
    part text;
BEGIN
    IF cardinality(gone) = 0 THEN
        RETURN 0;
    END IF;
    FOREACH part IN ARRAY ARRAY['sample', 'packed', 'late', 'minute', 'quarter', 'hour', 'day', 'stale'] LOOP
        EXECUTE format('DELETE FROM history.%I WHERE series = ANY ($1)', part) USING gone;
    END LOOP;
    DELETE FROM history.forgotten WHERE series = ANY (gone);
    RETURN cardinality(gone);
END $$;

COMMENT ON FUNCTION history.sweep(integer) IS
    'Removes what is left of some series of deleted devices; returns of how many.';

-- ---- samples -------------------------------------------------------------------------------------------------

CREATE FUNCTION history.raw(wanted integer[], since timestamptz, till timestamptz)
RETURNS TABLE (series integer, ts timestamptz, value double precision, delta double precision)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT s.series, s.ts, s.value, s.delta FROM history.sample s
    WHERE s.series = ANY (wanted) AND s.ts >= since AND s.ts < till
    UNION ALL
    SELECT l.series, l.ts, l.value, l.delta FROM history.late l
    WHERE l.series = ANY (wanted) AND l.ts >= since AND l.ts < till
    UNION ALL
    SELECT p.series, p.day + each.ms * interval '1 ms', each.value, each.delta
    FROM history.packed p CROSS JOIN LATERAL unnest(p.ms, p.value, p.delta) AS each (ms, value, delta)
    WHERE p.series = ANY (wanted) AND p.day > since - interval '1 day' AND p.day < till
        AND p.day + each.ms * interval '1 ms' >= since AND p.day + each.ms * interval '1 ms' < till
$$;

COMMENT ON FUNCTION history.raw(integer[], timestamptz, timestamptz) IS
    'Samples of some series from one time up to another, in no order.';

CREATE FUNCTION history.last_values(wanted integer[]) RETURNS TABLE (series integer, value double precision)
LANGUAGE sql STABLE AS $$
    SELECT w.series, coalesce(
        (SELECT s.value FROM history.sample s WHERE s.series = w.series ORDER BY s.ts DESC LIMIT 1),
        (SELECT p.value[cardinality(p.value)] FROM history.packed p WHERE p.series = w.series ORDER BY p.day DESC LIMIT 1),
        (SELECT d.last FROM history.day d WHERE d.series = w.series ORDER BY d.ts DESC LIMIT 1)
    )
    FROM unnest(wanted) AS w (series)
$$;

COMMENT ON FUNCTION history.last_values(integer[]) IS 'The last known number of each series; null for none.';

CREATE FUNCTION history.pack(day timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    child text := format('sample_%s', to_char(day AT TIME ZONE 'UTC', 'YYYYMMDD'));
    packed bigint := 0;
BEGIN
    PERFORM history.ensure('sample', day, day);
    IF to_regclass(format('history.%I', child)) IS NOT NULL THEN
        EXECUTE format(
            'INSERT INTO history.packed (series, day, ms, value, delta)
             SELECT series, $1, array_agg((extract(epoch FROM ts - $1) * 1000)::integer ORDER BY ts),
                 array_agg(value ORDER BY ts), CASE WHEN count(delta) > 0 THEN array_agg(delta ORDER BY ts) END
             FROM history.%I GROUP BY series', child
        ) USING day;
        GET DIAGNOSTICS packed = ROW_COUNT;
        EXECUTE format('DROP TABLE history.%I', child);
    END IF;
    UPDATE history.level SET done = greatest(done, day + interval '1 day') WHERE name = 'sample';
    RETURN packed;
END $$;

COMMENT ON FUNCTION history.pack(timestamptz) IS
    'Packs the samples of a day that is over, given by its begin; returns how many series had some.';

CREATE FUNCTION history.unpack(wanted integer[], since timestamptz, till timestamptz) RETURNS void
LANGUAGE sql AS $$
    WITH taken AS (
        DELETE FROM history.packed p
        WHERE p.series = ANY (wanted) AND p.day > since - interval '1 day' AND p.day <= till
        RETURNING p.series, p.day, p.ms, p.value, p.delta
    )
    INSERT INTO history.late (series, ts, value, delta)
    SELECT t.series, t.day + each.ms * interval '1 ms', each.value, each.delta
    FROM taken t CROSS JOIN LATERAL unnest(t.ms, t.value, t.delta) AS each (ms, value, delta)
$$;

COMMENT ON FUNCTION history.unpack(integer[], timestamptz, timestamptz) IS
    'Lays samples of packed days open again, so that others can come between them.';

CREATE FUNCTION history.pack_late(most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    packed integer;
BEGIN
    -- Before the statement that writes: a table that is in use gets no partition.
    PERFORM history.ensure('sample', days.day, days.day)
    FROM (
        SELECT DISTINCT history.begin_of('sample', l.ts) AS day FROM history.late l
        WHERE l.ts < (SELECT done FROM history.level WHERE name = 'sample')
    ) AS days;
    WITH picked AS MATERIALIZED (
        SELECT DISTINCT l.series, history.begin_of('sample', l.ts) AS day
        FROM history.late l WHERE l.ts < (SELECT done FROM history.level WHERE name = 'sample') LIMIT most
    ), taken AS (
        DELETE FROM history.late l USING picked p
        WHERE l.series = p.series AND l.ts >= p.day AND l.ts < p.day + interval '1 day'
        RETURNING l.series, p.day, l.ts, l.value, l.delta
    )
    INSERT INTO history.packed (series, day, ms, value, delta)
    SELECT series, day, array_agg((extract(epoch FROM ts - day) * 1000)::integer ORDER BY ts),
        array_agg(value ORDER BY ts), CASE WHEN count(delta) > 0 THEN array_agg(delta ORDER BY ts) END
    FROM taken GROUP BY series, day;
    GET DIAGNOSTICS packed = ROW_COUNT;
    RETURN packed;
END $$;

COMMENT ON FUNCTION history.pack_late(integer) IS
    'Packs samples that came after their day had been packed; returns how many series and days.';

CREATE FUNCTION history.add(wanted integer[], times timestamptz[], numbers double precision[]) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz := (SELECT min(t) FROM unnest(times) AS t);
    till timestamptz := (SELECT max(t) FROM unnest(times) AS t);
    sealed timestamptz := (SELECT done FROM history.level WHERE name = 'sample');
    rolled timestamptz := (SELECT done FROM history.level WHERE name = 'minute');
    touched integer[] := ARRAY(SELECT DISTINCT s FROM unnest(wanted) AS s);
    added bigint;
BEGIN
    IF since IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM history.unpack(touched, since, till);
    PERFORM history.ensure('sample', greatest(since, sealed), till);
    CREATE TEMPORARY TABLE fresh ON COMMIT DROP AS
    SELECT DISTINCT ON (n.series, n.ts) n.series, n.ts, n.value
    FROM unnest(wanted, times, numbers) AS n (series, ts, value)
    WHERE EXISTS (SELECT FROM history.series s WHERE s.id = n.series)
        AND NOT EXISTS (SELECT FROM history.sample s WHERE s.series = n.series AND s.ts = n.ts)
        AND NOT EXISTS (SELECT FROM history.late l WHERE l.series = n.series AND l.ts = n.ts);
    INSERT INTO history.sample (series, ts, value) SELECT series, ts, value FROM fresh WHERE ts >= sealed;
    INSERT INTO history.late (series, ts, value) SELECT series, ts, value FROM fresh WHERE ts < sealed;
    SELECT count(*) INTO added FROM fresh;
    INSERT INTO history.stale (series, ts)
    -- Also before the first roll-up, which begins with the days that are open.
    SELECT DISTINCT series, date_trunc('hour', ts, 'UTC') FROM fresh WHERE ts < greatest(rolled, sealed)
    ON CONFLICT DO NOTHING;
    PERFORM history.count_anew(s.id, f.since, f.till)
    FROM (SELECT series, min(ts) AS since, max(ts) AS till FROM fresh GROUP BY series) AS f
    JOIN history.series s ON s.id = f.series AND s.kind = 'counter';
    DROP TABLE fresh;
    RETURN added;
END $$;

COMMENT ON FUNCTION history.add(integer[], timestamptz[], double precision[]) IS
    'Adds samples at any time: those that are there already are passed over, counters are counted anew around them, and '
    'roll-ups made anew later. Returns how many were added.';

CREATE FUNCTION history.count_anew(counter integer, since timestamptz, till timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    before timestamptz := (
        SELECT max(ts) FROM (
            SELECT max(s.ts) AS ts FROM history.sample s WHERE s.series = counter AND s.ts < since
            UNION ALL SELECT max(l.ts) FROM history.late l WHERE l.series = counter AND l.ts < since
        ) AS open
    );
    packed timestamptz := (
        SELECT max(p.day + p.ms[cardinality(p.ms)] * interval '1 ms') FROM history.packed p
        WHERE p.series = counter AND p.day < since
    );
    after timestamptz := (
        SELECT min(ts) FROM (
            SELECT min(s.ts) AS ts FROM history.sample s WHERE s.series = counter AND s.ts > till
            UNION ALL SELECT min(l.ts) FROM history.late l WHERE l.series = counter AND l.ts > till
        ) AS open
    );
    later timestamptz := (
        SELECT min(p.day + p.ms[1] * interval '1 ms') FROM history.packed p WHERE p.series = counter AND p.day > till
    );
    rolled timestamptz := (SELECT max(done) FROM history.level WHERE name IN ('sample', 'minute'));
BEGIN
    before := coalesce(greatest(before, packed), since);
    after := coalesce(least(after, later), till);
    PERFORM history.unpack(ARRAY[counter], after, after);
    CREATE TEMPORARY TABLE grown ON COMMIT DROP AS
    SELECT ts, coalesce(history.increase(lag(value) OVER (ORDER BY ts), value), delta, 0) AS delta
    FROM history.raw(ARRAY[counter], before, after + interval '1 ms');
    WITH counted AS (
        UPDATE history.sample s SET delta = g.delta FROM grown g
        WHERE s.series = counter AND s.ts = g.ts AND s.ts >= since AND s.delta IS DISTINCT FROM g.delta
        RETURNING s.ts
    ), counted_late AS (
        UPDATE history.late l SET delta = g.delta FROM grown g
        WHERE l.series = counter AND l.ts = g.ts AND l.ts >= since AND l.delta IS DISTINCT FROM g.delta
        RETURNING l.ts
    )
    INSERT INTO history.stale (series, ts)
    SELECT DISTINCT counter, date_trunc('hour', c.ts, 'UTC')
    FROM (SELECT ts FROM counted UNION ALL SELECT ts FROM counted_late) AS c WHERE c.ts < rolled
    ON CONFLICT DO NOTHING;
    DROP TABLE grown;
END $$;

COMMENT ON FUNCTION history.count_anew(integer, timestamptz, timestamptz) IS
    'Works out anew by how much a counter grew, between two times and up to the next sample after them.';

-- ---- roll-ups ------------------------------------------------------------------------------------------------

CREATE FUNCTION history.roll_up(of_level text, till timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    this history.level := (SELECT l FROM history.level l WHERE l.name = of_level);
    source history.level := (SELECT l FROM history.level l WHERE l.name = this.source);
    since timestamptz := this.done;
    upto timestamptz := date_bin(this.bucket, CASE source.name WHEN 'sample' THEN till ELSE least(till, source.done) END,
        '2000-01-01 00:00+00');
    rolled bigint;
BEGIN
    IF since = '2000-01-01 00:00+00' THEN
        EXECUTE format('SELECT date_bin($1, min(ts), ''2000-01-01 00:00+00'') FROM history.%I', source.name)
            INTO since USING this.bucket;
    END IF;
    -- So much at a time that no step takes long, and sixty rows make one.
    upto := least(upto, since + this.bucket * 60);
    IF since IS NULL OR upto <= since THEN
        RETURN NULL;
    END IF;
    PERFORM history.ensure(of_level, since, upto);
    EXECUTE format(
        'INSERT INTO history.%I (series, ts, count, sum, min, max, last, delta) SELECT %s
         ON CONFLICT (series, ts) DO UPDATE SET count = excluded.count, sum = excluded.sum, min = excluded.min,
             max = excluded.max, last = excluded.last, delta = excluded.delta',
        of_level, history.rolled(source.name)
    ) USING this.bucket, since, upto;
    GET DIAGNOSTICS rolled = ROW_COUNT;
    UPDATE history.level SET done = upto WHERE name = of_level;
    RETURN rolled;
END $$;

COMMENT ON FUNCTION history.roll_up(text, timestamptz) IS
    'Makes the next roll-ups of a level, of samples before a time; returns how many, or null when there is nothing to do.';

CREATE FUNCTION history.rolled(source text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE source
        WHEN 'sample' THEN
            'series, date_bin($1, ts, ''2000-01-01 00:00+00'') AS ts, count(*), sum(value), min(value), max(value),
             (array_agg(value ORDER BY ts DESC))[1], sum(delta)
             FROM history.sample WHERE ts >= $2 AND ts < $3 GROUP BY 1, 2'
        ELSE format(
            'series, date_bin($1, ts, ''2000-01-01 00:00+00'') AS ts, sum(count), sum(sum), min(min), max(max),
             (array_agg(last ORDER BY ts DESC))[1], sum(delta)
             FROM history.%I WHERE ts >= $2 AND ts < $3 GROUP BY 1, 2', source)
    END
$$;

COMMENT ON FUNCTION history.rolled(text) IS 'Part of a statement: rows of a level made of those of another.';

CREATE FUNCTION history.mend(most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    this history.level;
    rolled timestamptz := (SELECT done FROM history.level WHERE name = 'minute');
    oldest timestamptz := (SELECT date_trunc('day', now() - keep, 'UTC') FROM history.level WHERE name = 'sample');
    mended integer;
BEGIN
    CREATE TEMPORARY TABLE picked ON COMMIT DROP AS
    SELECT series, ts, ts < oldest AS old FROM history.stale WHERE ts < rolled ORDER BY series, ts LIMIT most;
    SELECT count(*) INTO mended FROM picked;
    DELETE FROM history.stale s USING picked p WHERE s.series = p.series AND s.ts = p.ts;
    PERFORM history.ensure(l.name, p.ts, p.ts)
    FROM (SELECT DISTINCT ts FROM picked) AS p CROSS JOIN history.level l WHERE l.name <> 'sample';
    CREATE TEMPORARY TABLE known ON COMMIT DROP AS
    SELECT r.*, p.old FROM picked p
    CROSS JOIN LATERAL history.raw(ARRAY[p.series], p.ts, least(p.ts + interval '1 hour', rolled)) AS r;

    DELETE FROM history.minute m USING picked p
    WHERE NOT p.old AND m.series = p.series AND m.ts >= p.ts AND m.ts < p.ts + interval '1 hour';
    FOR this IN SELECT l.* FROM history.level l WHERE rank > 0 ORDER BY rank LOOP
        -- Of old hours the samples are gone that came in time, so what came late is added to what was made of them.
        EXECUTE format(
            'INSERT INTO history.%I AS l (series, ts, count, sum, min, max, last, delta)
             SELECT series, date_bin($1, ts, ''2000-01-01 00:00+00''), count(*), sum(value), min(value), max(value),
                 (array_agg(value ORDER BY ts DESC))[1], sum(delta)
             FROM known WHERE old OR $1 = ''1 minute'' GROUP BY 1, 2
             ON CONFLICT (series, ts) DO UPDATE SET count = l.count + excluded.count, sum = l.sum + excluded.sum,
                 min = least(l.min, excluded.min), max = greatest(l.max, excluded.max), last = excluded.last,
                 delta = coalesce(l.delta + excluded.delta, excluded.delta, l.delta)', this.name
        ) USING this.bucket;
        CONTINUE WHEN this.source = 'sample';
        EXECUTE format(
            'INSERT INTO history.%I (series, ts, count, sum, min, max, last, delta)
             SELECT f.series, date_bin($1, f.ts, ''2000-01-01 00:00+00''), sum(f.count), sum(f.sum), min(f.min),
                 max(f.max), (array_agg(f.last ORDER BY f.ts DESC))[1], sum(f.delta)
             FROM (SELECT DISTINCT series, date_bin($2, ts, ''2000-01-01 00:00+00'') AS ts FROM picked WHERE NOT old) AS p
             JOIN history.%I f ON f.series = p.series AND f.ts >= p.ts AND f.ts < p.ts + $2
             GROUP BY 1, 2
             ON CONFLICT (series, ts) DO UPDATE SET count = excluded.count, sum = excluded.sum, min = excluded.min,
                 max = excluded.max, last = excluded.last, delta = excluded.delta', this.name, this.source
        ) USING this.bucket, greatest(this.bucket, interval '1 hour');
    END LOOP;
    DELETE FROM history.late l USING picked p
    WHERE p.old AND l.series = p.series AND l.ts >= p.ts AND l.ts < p.ts + interval '1 hour';
    DROP TABLE known;
    DROP TABLE picked;
    RETURN mended;
END $$;

COMMENT ON FUNCTION history.mend(integer) IS
    'Makes the roll-ups of some hours anew into which samples came late; returns of how many.';

----------------------------------------------------------DOWN

DROP FUNCTION history.mend, history.rolled, history.roll_up, history.count_anew, history.add, history.pack_late,
    history.unpack, history.pack, history.last_values, history.raw, history.sweep, history.expire, history.ensure,
    history.begin_of, history.increase;
