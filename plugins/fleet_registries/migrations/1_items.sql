-- Values that clients keep on the platform, by registry and key.

------------------------------------------------------------UP

CREATE SEQUENCE item_version;

CREATE TABLE item (
    registry text        NOT NULL CHECK (registry <> ''),
    key      text        NOT NULL CHECK (key <> ''),
    value    json        NOT NULL,
    size     integer     NOT NULL,
    version  bigint      NOT NULL DEFAULT nextval('item_version'),
    updated  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (registry, key)
);

COMMENT ON TABLE item IS 'A value that clients keep on the platform.';
COMMENT ON COLUMN item.registry IS 'Name of the registry, in lower case.';
COMMENT ON COLUMN item.key IS 'Name of the value within its registry.';
COMMENT ON COLUMN item.value IS 'The value as it was given; json and not jsonb, so that members keep their order.';
COMMENT ON COLUMN item.size IS 'Bytes of the value as compact JSON in UTF-8.';
COMMENT ON COLUMN item.version IS 'Another one after each change, and never the same twice.';
COMMENT ON COLUMN item.updated IS 'When the value was last set.';

-- Stores a value: 'stored'; 'changed' if another version is there than the expected one (0: no value; null: whichever);
-- else the bound that is in the way.
-- One writer at a time, so that bounds hold and nothing changes between comparing and storing. Readers never wait.
CREATE FUNCTION put_item(
    given_registry text, given_key text, given_value json, given_size integer, expected bigint,
    max_keys integer, max_bytes bigint, max_registries integer
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    present bigint;
    keys    bigint;
    bytes   bigint;
BEGIN
    LOCK TABLE item IN SHARE ROW EXCLUSIVE MODE;
    SELECT version INTO present FROM item WHERE registry = given_registry AND key = given_key;
    IF expected <> coalesce(present, 0) THEN
        RETURN 'changed';
    END IF;
    SELECT count(*), coalesce(sum(size), 0) INTO keys, bytes
        FROM item WHERE registry = given_registry AND key <> given_key;
    IF keys >= max_keys THEN
        RETURN 'keys';
    ELSIF bytes + given_size > max_bytes THEN
        RETURN 'bytes';
    ELSIF keys = 0 AND present IS NULL AND (SELECT count(DISTINCT registry) FROM item) >= max_registries THEN
        RETURN 'registries';
    END IF;
    INSERT INTO item (registry, key, value, size) VALUES (given_registry, given_key, given_value, given_size)
        ON CONFLICT (registry, key) DO UPDATE
            SET value = excluded.value, size = excluded.size, version = excluded.version, updated = now();
    RETURN 'stored';
END
$$;

----------------------------------------------------------DOWN

DROP FUNCTION put_item(text, text, json, integer, bigint, integer, bigint, integer);
DROP TABLE item;
DROP SEQUENCE item_version;
