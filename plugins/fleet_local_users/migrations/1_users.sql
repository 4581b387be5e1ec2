-- Users with a name and a password.

------------------------------------------------------------UP

CREATE TABLE local_user (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text        NOT NULL CHECK (name <> ''),
    password    text        NOT NULL,
    groups      text[]      NOT NULL DEFAULT '{}',
    permissions text[]      NOT NULL DEFAULT '{}',
    enabled     boolean     NOT NULL DEFAULT true,
    full_name   text        NOT NULL DEFAULT '',
    email       text        NOT NULL DEFAULT '',
    created     timestamptz NOT NULL DEFAULT now(),
    updated     timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX local_user_name ON local_user (lower(name));

COMMENT ON TABLE local_user IS 'People and programs that sign in with a name and a password.';
COMMENT ON COLUMN local_user.id IS 'Number of the user; never used again.';
COMMENT ON COLUMN local_user.name IS 'What the user signs in with; unique whatever the case of its letters.';
COMMENT ON COLUMN local_user.password IS 'Argon2id hash with its salt and parameters.';
COMMENT ON COLUMN local_user.groups IS 'Groups the user belongs to; policies give them meaning.';
COMMENT ON COLUMN local_user.permissions IS 'Permissions given to the user alone; policies give them meaning.';
COMMENT ON COLUMN local_user.enabled IS 'Whether the user may sign in and use its tokens.';
COMMENT ON COLUMN local_user.full_name IS 'For people.';
COMMENT ON COLUMN local_user.email IS 'For people.';
COMMENT ON COLUMN local_user.created IS 'When the user was made.';
COMMENT ON COLUMN local_user.updated IS 'When the row was last changed.';

----------------------------------------------------------DOWN

DROP TABLE local_user;
