-- What devices store, as it was last read.

------------------------------------------------------------UP

CREATE TABLE stored (
    device   text        NOT NULL,
    kind     text        NOT NULL,
    revision text        NOT NULL,
    content  json        NOT NULL,
    read     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (device, kind)
);

COMMENT ON TABLE stored IS 'What each device stores beside its settings, as it was last read.';
COMMENT ON COLUMN stored.device IS 'Shelly id in lower case.';
COMMENT ON COLUMN stored.kind IS 'kvs, schedules, webhooks or scripts.';
COMMENT ON COLUMN stored.revision IS 'Revision that the content is of, as the device counts them.';
COMMENT ON COLUMN stored.content IS 'As the method of the kind answers it; json, which keeps every text a device may store.';
COMMENT ON COLUMN stored.read IS 'When the row was last written.';

----------------------------------------------------------DOWN

DROP TABLE stored;
