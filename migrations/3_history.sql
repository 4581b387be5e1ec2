-- History: what devices measured. Raw samples by the day, packed once the day is over, and roll-ups that are kept longer.

------------------------------------------------------------UP

CREATE SCHEMA history;

COMMENT ON SCHEMA history IS 'What devices measured, and what became of it over time.';

-- ---- what is measured ----------------------------------------------------------------------------------------

CREATE TABLE history.series (
    id        integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device    integer     NOT NULL REFERENCES device.list (id) ON DELETE CASCADE,
    component text        NOT NULL,
    field     text        NOT NULL,
    kind      text        NOT NULL CHECK (kind IN ('gauge', 'counter', 'state')),
    unit      text        NOT NULL DEFAULT '',
    words     text[]      NOT NULL DEFAULT '{}',
    created   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (device, component, field)
);

COMMENT ON TABLE history.series IS 'One row for each number of each device that is kept.';
COMMENT ON COLUMN history.series.id IS 'Number of the series; samples and roll-ups refer to it.';
COMMENT ON COLUMN history.series.device IS 'The device.';
COMMENT ON COLUMN history.series.component IS 'Component key, such as switch:0.';
COMMENT ON COLUMN history.series.field IS 'Path within the status of the component, such as aenergy.total.';
COMMENT ON COLUMN history.series.kind IS 'A gauge goes up and down, a counter grows until it is reset, a state is one of a few.';
COMMENT ON COLUMN history.series.unit IS 'Unit as the component declares it.';
COMMENT ON COLUMN history.series.words IS 'Of a state told in words: what 0, 1, 2 … stand for.';
COMMENT ON COLUMN history.series.created IS 'When the first sample came.';

CREATE TABLE history.forgotten (
    series integer PRIMARY KEY
);

COMMENT ON TABLE history.forgotten IS 'Series of deleted devices whose samples are still to be removed.';
COMMENT ON COLUMN history.forgotten.series IS 'What its number was.';

CREATE FUNCTION history.forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO history.forgotten SELECT id FROM gone ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

COMMENT ON FUNCTION history.forget() IS 'Notes that the samples of deleted series are to be removed.';

CREATE TRIGGER forget AFTER DELETE ON history.series
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION history.forget();

-- ---- raw samples ---------------------------------------------------------------------------------------------

CREATE TABLE history.sample (
    series integer          NOT NULL,
    ts     timestamptz      NOT NULL,
    value  double precision NOT NULL,
    delta  double precision
) PARTITION BY RANGE (ts);

CREATE INDEX sample_series_ts ON history.sample (series, ts);
CREATE INDEX sample_ts ON history.sample USING brin (ts) WITH (pages_per_range = 32);

COMMENT ON TABLE history.sample IS 'Samples of the last days as they came, a partition for each day (UTC).';
COMMENT ON COLUMN history.sample.series IS 'What was measured.';
COMMENT ON COLUMN history.sample.ts IS 'When.';
COMMENT ON COLUMN history.sample.value IS 'The number; of a state false and true are 0 and 1, and a word its place in words.';
COMMENT ON COLUMN history.sample.delta IS 'Of a counter: by how much it grew since the sample before. Null for anything else.';

CREATE TABLE history.packed (
    series integer            NOT NULL,
    day    timestamptz        NOT NULL,
    ms     integer[]          NOT NULL,
    value  double precision[] NOT NULL,
    delta  double precision[],
    PRIMARY KEY (series, day)
) PARTITION BY RANGE (day);

COMMENT ON TABLE history.packed IS 'Samples of days that are over, a row for each series and day.';
COMMENT ON COLUMN history.packed.series IS 'What was measured.';
COMMENT ON COLUMN history.packed.day IS 'Begin of the day (UTC).';
COMMENT ON COLUMN history.packed.ms IS 'Milliseconds since then, in order.';
COMMENT ON COLUMN history.packed.value IS 'The numbers.';
COMMENT ON COLUMN history.packed.delta IS 'Of a counter: by how much it grew; null for anything else.';

CREATE TABLE history.late (
    series integer          NOT NULL,
    ts     timestamptz      NOT NULL,
    value  double precision NOT NULL,
    delta  double precision
);

CREATE INDEX late_series_ts ON history.late (series, ts);

COMMENT ON TABLE history.late IS 'Samples of days that are packed already, until they are packed as well.';
COMMENT ON COLUMN history.late.series IS 'What was measured.';
COMMENT ON COLUMN history.late.ts IS 'When.';
COMMENT ON COLUMN history.late.value IS 'The number.';
COMMENT ON COLUMN history.late.delta IS 'Of a counter: by how much it grew.';

-- ---- roll-ups ------------------------------------------------------------------------------------------------

CREATE TABLE history.minute (
    series integer          NOT NULL,
    ts     timestamptz      NOT NULL,
    count  integer          NOT NULL,
    sum    double precision NOT NULL,
    min    double precision NOT NULL,
    max    double precision NOT NULL,
    last   double precision NOT NULL,
    delta  double precision
) PARTITION BY RANGE (ts);

CREATE TABLE history.quarter (LIKE history.minute) PARTITION BY RANGE (ts);
CREATE TABLE history.hour (LIKE history.minute) PARTITION BY RANGE (ts);
CREATE TABLE history.day (LIKE history.minute) PARTITION BY RANGE (ts);

ALTER TABLE history.minute ADD PRIMARY KEY (series, ts);
ALTER TABLE history.quarter ADD PRIMARY KEY (series, ts);
ALTER TABLE history.hour ADD PRIMARY KEY (series, ts);
ALTER TABLE history.day ADD PRIMARY KEY (series, ts);

COMMENT ON TABLE history.minute IS 'Samples by the minute.';
COMMENT ON TABLE history.quarter IS 'Samples by the quarter of an hour.';
COMMENT ON TABLE history.hour IS 'Samples by the hour.';
COMMENT ON TABLE history.day IS 'Samples by the day (UTC).';

COMMENT ON COLUMN history.minute.series IS 'What was measured.';
COMMENT ON COLUMN history.minute.ts IS 'Begin of the time.';
COMMENT ON COLUMN history.minute.count IS 'How many samples.';
COMMENT ON COLUMN history.minute.sum IS 'Their sum; with count it gives the mean.';
COMMENT ON COLUMN history.minute.min IS 'The smallest.';
COMMENT ON COLUMN history.minute.max IS 'The largest.';
COMMENT ON COLUMN history.minute.last IS 'The last.';
COMMENT ON COLUMN history.minute.delta IS 'Of a counter: by how much it grew.';
COMMENT ON COLUMN history.quarter.series IS 'What was measured.';
COMMENT ON COLUMN history.quarter.ts IS 'Begin of the time.';
COMMENT ON COLUMN history.quarter.count IS 'How many samples.';
COMMENT ON COLUMN history.quarter.sum IS 'Their sum; with count it gives the mean.';
COMMENT ON COLUMN history.quarter.min IS 'The smallest.';
COMMENT ON COLUMN history.quarter.max IS 'The largest.';
COMMENT ON COLUMN history.quarter.last IS 'The last.';
COMMENT ON COLUMN history.quarter.delta IS 'Of a counter: by how much it grew.';
COMMENT ON COLUMN history.hour.series IS 'What was measured.';
COMMENT ON COLUMN history.hour.ts IS 'Begin of the time.';
COMMENT ON COLUMN history.hour.count IS 'How many samples.';
COMMENT ON COLUMN history.hour.sum IS 'Their sum; with count it gives the mean.';
COMMENT ON COLUMN history.hour.min IS 'The smallest.';
COMMENT ON COLUMN history.hour.max IS 'The largest.';
COMMENT ON COLUMN history.hour.last IS 'The last.';
COMMENT ON COLUMN history.hour.delta IS 'Of a counter: by how much it grew.';
COMMENT ON COLUMN history.day.series IS 'What was measured.';
COMMENT ON COLUMN history.day.ts IS 'Begin of the time.';
COMMENT ON COLUMN history.day.count IS 'How many samples.';
COMMENT ON COLUMN history.day.sum IS 'Their sum; with count it gives the mean.';
COMMENT ON COLUMN history.day.min IS 'The smallest.';
COMMENT ON COLUMN history.day.max IS 'The largest.';
COMMENT ON COLUMN history.day.last IS 'The last.';
COMMENT ON COLUMN history.day.delta IS 'Of a counter: by how much it grew.';

CREATE TABLE history.level (
    name   text        PRIMARY KEY,
    rank   smallint    NOT NULL UNIQUE,
    source text,
    bucket interval    NOT NULL,
    width  interval    NOT NULL,
    keep   interval,
    done   timestamptz NOT NULL DEFAULT '2000-01-01 00:00+00'
);

COMMENT ON TABLE history.level IS 'How finely what is kept for how long, from the finest to the coarsest.';
COMMENT ON COLUMN history.level.name IS 'Name of the table.';
COMMENT ON COLUMN history.level.rank IS 'Order, from the finest.';
COMMENT ON COLUMN history.level.source IS 'What it is made of; null for samples as they came.';
COMMENT ON COLUMN history.level.bucket IS 'Time that one row stands for; 0 for samples.';
COMMENT ON COLUMN history.level.width IS 'Time that one partition holds.';
COMMENT ON COLUMN history.level.keep IS 'How long it is kept; null for ever.';
COMMENT ON COLUMN history.level.done IS 'Up to when it is made; of samples, up to when they are packed. 2000-01-01 for not at all.';

INSERT INTO history.level (name, rank, source, bucket, width, keep) VALUES
    ('sample',  0, NULL,      '0',          '1 day',   '14 days'),
    ('minute',  1, 'sample',  '1 minute',   '7 days',  '30 days'),
    ('quarter', 2, 'minute',  '15 minutes', '30 days', '2 years'),
    ('hour',    3, 'quarter', '1 hour',     '360 days', '10 years'),
    ('day',     4, 'hour',    '1 day',      '3600 days', NULL);

CREATE TABLE history.stale (
    series integer     NOT NULL,
    ts     timestamptz NOT NULL,
    PRIMARY KEY (series, ts)
);

COMMENT ON TABLE history.stale IS 'Hours whose roll-ups are to be made anew, because samples came late.';
COMMENT ON COLUMN history.stale.series IS 'What was measured.';
COMMENT ON COLUMN history.stale.ts IS 'Begin of the hour.';

CREATE TABLE history.writer (
    name text   PRIMARY KEY,
    seq  bigint NOT NULL
);

COMMENT ON TABLE history.writer IS 'How far each platform has written, so that no batch is written twice.';
COMMENT ON COLUMN history.writer.name IS 'The platform, by the identity in its data folder.';
COMMENT ON COLUMN history.writer.seq IS 'Number of its last batch.';

-- ---- the journal ---------------------------------------------------------------------------------------------

CREATE TABLE history.entry (
    id     bigint      GENERATED ALWAYS AS IDENTITY,
    ts     timestamptz NOT NULL,
    device text,
    name   text        NOT NULL,
    data   jsonb       NOT NULL DEFAULT '{}'
) PARTITION BY RANGE (ts);

CREATE INDEX entry_device ON history.entry (lower(device), ts);
CREATE INDEX entry_name ON history.entry (name, ts);
CREATE INDEX entry_ts ON history.entry (ts);

COMMENT ON TABLE history.entry IS 'What happened to devices and to the platform, and who did it.';
COMMENT ON COLUMN history.entry.id IS 'Order in which it was written.';
COMMENT ON COLUMN history.entry.ts IS 'When it happened.';
COMMENT ON COLUMN history.entry.device IS 'Shelly id of the device; null where it is about none.';
COMMENT ON COLUMN history.entry.name IS 'What happened, such as Shelly.Connect.';
COMMENT ON COLUMN history.entry.data IS 'More about it, without secrets.';

INSERT INTO history.level (name, rank, source, bucket, width, keep) VALUES
    ('entry', -1, NULL, '0', '30 days', '90 days');

----------------------------------------------------------DOWN

DROP SCHEMA history CASCADE;
