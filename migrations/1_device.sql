-- Devices: who they are and what they last said.

------------------------------------------------------------UP

CREATE SCHEMA IF NOT EXISTS device;

COMMENT ON SCHEMA device IS 'Devices that ever knocked, with what is known of them.';

CREATE TABLE device.list (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    external_id text        NOT NULL CHECK (external_id <> ''),
    access      smallint    NOT NULL DEFAULT 1 CHECK (access IN (1, 2, 3)),
    created     timestamptz NOT NULL DEFAULT now(),
    updated     timestamptz NOT NULL DEFAULT now(),
    info        jsonb       NOT NULL DEFAULT '{}',
    settings    jsonb       NOT NULL DEFAULT '{}'
);

CREATE UNIQUE INDEX list_external_id ON device.list (lower(external_id));

COMMENT ON TABLE device.list IS 'One row for each device that was ever seen; changes rarely.';
COMMENT ON COLUMN device.list.id IS 'Number of the device on this platform; other tables refer to it.';
COMMENT ON COLUMN device.list.external_id IS 'Shelly id as the device spells it; unique whatever the case of its letters.';
COMMENT ON COLUMN device.list.access IS 'What operators decided: 1 pending, 2 denied, 3 allowed.';
COMMENT ON COLUMN device.list.created IS 'When the device was first seen.';
COMMENT ON COLUMN device.list.updated IS 'When access, info or settings last changed.';
COMMENT ON COLUMN device.list.info IS 'Answer of Shelly.GetDeviceInfo.';
COMMENT ON COLUMN device.list.settings IS 'Component key to settings, as in Shelly.GetConfig.';

CREATE TABLE device.state (
    id      integer     PRIMARY KEY REFERENCES device.list (id) ON DELETE CASCADE,
    status  jsonb       NOT NULL DEFAULT '{}',
    meta    jsonb       NOT NULL DEFAULT '{}',
    updated timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);

COMMENT ON TABLE device.state IS 'Last known state, one row for each device; rewritten up to once a second.';
COMMENT ON COLUMN device.state.id IS 'The device.';
COMMENT ON COLUMN device.state.status IS 'Component key to status, as in Shelly.GetStatus.';
COMMENT ON COLUMN device.state.meta IS 'What the platform notes about the device, such as when it last reported.';
COMMENT ON COLUMN device.state.updated IS 'When the row was last written.';

----------------------------------------------------------DOWN

DROP TABLE device.state;
DROP TABLE device.list;
DROP SCHEMA device;
