-- What the platform keeps for itself and for its plugins.

------------------------------------------------------------UP

CREATE TABLE core.kv (
    owner   text        NOT NULL,
    key     text        COLLATE "C" NOT NULL CHECK (key <> ''),
    value   jsonb       NOT NULL,
    updated timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, key)
);

COMMENT ON TABLE core.kv IS 'Small values of the core and of plugins.';
COMMENT ON COLUMN core.kv.owner IS 'Name of the plugin, or core.';
COMMENT ON COLUMN core.kv.key IS 'Unique for its owner.';
COMMENT ON COLUMN core.kv.value IS 'Any JSON value, at most 1 MiB of text.';
COMMENT ON COLUMN core.kv.updated IS 'When the value was last set.';

CREATE TABLE core.queued_call (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device    text        NOT NULL,
    method    text        NOT NULL,
    params    jsonb,
    principal text        NOT NULL,
    created   timestamptz NOT NULL DEFAULT now(),
    expires   timestamptz NOT NULL
);

CREATE INDEX queued_call_device ON core.queued_call (lower(device), id);
CREATE INDEX queued_call_expires ON core.queued_call (expires);

COMMENT ON TABLE core.queued_call IS 'Calls that wait for a device which sleeps or is offline.';
COMMENT ON COLUMN core.queued_call.id IS 'Order of the calls; answered to the caller.';
COMMENT ON COLUMN core.queued_call.device IS 'Shelly id of the device.';
COMMENT ON COLUMN core.queued_call.method IS 'RPC method of the device.';
COMMENT ON COLUMN core.queued_call.params IS 'Its parameters; null if there are none.';
COMMENT ON COLUMN core.queued_call.principal IS 'Name of whoever asked.';
COMMENT ON COLUMN core.queued_call.created IS 'When it was queued.';
COMMENT ON COLUMN core.queued_call.expires IS 'When it is given up.';

----------------------------------------------------------DOWN

DROP TABLE core.queued_call;
DROP TABLE core.kv;
