-- Jobs, and the devices of each.

------------------------------------------------------------UP

CREATE TABLE job (
    id              bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner           text             NOT NULL,
    provider        text             NOT NULL,
    stamp           text             NOT NULL,
    type            text             NOT NULL,
    name            text             NOT NULL,
    params          json             NOT NULL,
    state           text             NOT NULL DEFAULT 'queued'
                    CHECK (state IN ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
    reason          text,
    concurrency     integer          NOT NULL,
    rate_per_s      double precision,
    offline         text             NOT NULL,
    idempotency_key text,
    not_before      timestamptz,
    expires         timestamptz      NOT NULL,
    created         timestamptz      NOT NULL DEFAULT now(),
    started         timestamptz,
    ended           timestamptz,
    total           integer          NOT NULL,
    done            integer          NOT NULL DEFAULT 0,
    failed          integer          NOT NULL DEFAULT 0,
    skipped         integer          NOT NULL DEFAULT 0,
    settled         boolean          NOT NULL GENERATED ALWAYS AS
                    (ended IS NOT NULL AND total <= done + failed + skipped) STORED
);

CREATE UNIQUE INDEX job_idempotency_key ON job (provider, owner, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX job_unfinished ON job (id) WHERE ended IS NULL;
CREATE INDEX job_unsettled ON job (id) WHERE state = 'cancelled' AND NOT settled;

CREATE VIEW job_summary AS
SELECT id, owner, provider, stamp, type, name, NULL::json AS params, state, reason, concurrency, rate_per_s, offline,
    not_before, expires, created, started, ended, total, done, failed, skipped
FROM job;

CREATE TABLE job_device (
    job       bigint   NOT NULL REFERENCES job ON DELETE CASCADE,
    position  integer  NOT NULL,
    device    text     NOT NULL,
    state     text     NOT NULL DEFAULT 'pending'
              CHECK (state IN ('pending', 'running', 'done', 'failed', 'skipped', 'interrupted')),
    attempts  integer  NOT NULL DEFAULT 0,
    result    json,
    truncated boolean  NOT NULL DEFAULT false,
    code      bigint,
    message   text,
    started   timestamptz,
    ended     timestamptz,
    PRIMARY KEY (job, position)
);

CREATE INDEX job_device_state ON job_device (job, state, position);

COMMENT ON TABLE job IS 'Work on many devices.';
COMMENT ON COLUMN job.id IS 'Number of the job; never used again.';
COMMENT ON COLUMN job.owner IS 'Who started it; its rights are asked when each device has its turn.';
COMMENT ON COLUMN job.provider IS 'Auth provider that knows the owner.';
COMMENT ON COLUMN job.stamp IS 'What the provider told of the owner''s credentials; with others it is another user, or stands for nothing.';
COMMENT ON COLUMN job.type IS 'Name of the job type.';
COMMENT ON COLUMN job.name IS 'For people.';
COMMENT ON COLUMN job.params IS 'Parameters of the type, as they were given.';
COMMENT ON COLUMN job.state IS 'queued, running, paused, done, failed or cancelled.';
COMMENT ON COLUMN job.reason IS 'Why it is in that state, for people; null where that needs no words.';
COMMENT ON COLUMN job.concurrency IS 'Devices at a time.';
COMMENT ON COLUMN job.rate_per_s IS 'Devices begun per second at most; null for no limit of its own.';
COMMENT ON COLUMN job.offline IS 'About a device that cannot be called: wait, fail or run.';
COMMENT ON COLUMN job.idempotency_key IS 'A second start with the same key by the same owner finds this job.';
COMMENT ON COLUMN job.not_before IS 'Not begun before.';
COMMENT ON COLUMN job.expires IS 'What is still to do then fails.';
COMMENT ON COLUMN job.created IS 'When it was made.';
COMMENT ON COLUMN job.started IS 'When its first device had its turn.';
COMMENT ON COLUMN job.ended IS 'When it became done, failed or cancelled.';
COMMENT ON COLUMN job.total IS 'How many devices it has.';
COMMENT ON COLUMN job.done IS 'How many are done.';
COMMENT ON COLUMN job.failed IS 'How many failed, were refused or interrupted.';
COMMENT ON COLUMN job.skipped IS 'With how many there was nothing to do.';

COMMENT ON COLUMN job.settled IS 'It has ended, and all its devices with it: nobody works on it any more.';

COMMENT ON VIEW job_summary IS 'Jobs without their parameters: those of many may be megabytes.';

COMMENT ON TABLE job_device IS 'One device of a job, and what came of it.';
COMMENT ON COLUMN job_device.job IS 'The job.';
COMMENT ON COLUMN job_device.position IS 'Place in the job, from 1.';
COMMENT ON COLUMN job_device.device IS 'Id of the device.';
COMMENT ON COLUMN job_device.state IS 'pending, running, done, failed, skipped or interrupted.';
COMMENT ON COLUMN job_device.attempts IS 'How often it had its turn.';
COMMENT ON COLUMN job_device.result IS 'What the type answered; the beginning of it as text if it was too long.';
COMMENT ON COLUMN job_device.truncated IS 'Whether the result was too long.';
COMMENT ON COLUMN job_device.code IS 'Code of the error.';
COMMENT ON COLUMN job_device.message IS 'What went wrong, or why there was nothing to do.';
COMMENT ON COLUMN job_device.started IS 'When its last turn began.';
COMMENT ON COLUMN job_device.ended IS 'When its last turn ended.';

----------------------------------------------------------DOWN

DROP VIEW job_summary;
DROP TABLE job_device;
DROP TABLE job;
