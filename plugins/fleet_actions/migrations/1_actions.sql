-- Saved actions.

------------------------------------------------------------UP

CREATE TABLE action (
    id        text        PRIMARY KEY,
    name      text        NOT NULL,
    steps     json        NOT NULL,
    variables json        NOT NULL,
    author    text        NOT NULL,
    created   timestamptz NOT NULL DEFAULT now(),
    updated   timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE action IS 'Saved commands of several steps.';
COMMENT ON COLUMN action.id IS 'action and milliseconds, as older clients made them.';
COMMENT ON COLUMN action.name IS 'For people.';
COMMENT ON COLUMN action.steps IS 'List of steps: method, params, dst, on_error, wait_s.';
COMMENT ON COLUMN action.variables IS 'Name to value, for variables that a call does not give.';
COMMENT ON COLUMN action.author IS 'Who made it, or changed it last.';
COMMENT ON COLUMN action.created IS 'When it was made.';
COMMENT ON COLUMN action.updated IS 'When it was last changed.';

----------------------------------------------------------DOWN

DROP TABLE action;
