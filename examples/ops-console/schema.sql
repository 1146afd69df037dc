-- What the console keeps in the database besides taskq: roles, who may sign in,
-- and saved views.  Run it as the owner of taskq (a superuser, usually), in the
-- database that has the extension; running it again changes nothing.
--
-- The console connects as ops_console, which can read and no more.  For each
-- request it becomes the role of the level of whoever signed in, for the length
-- of one transaction.  NOINHERIT: without that step it has no level's rights.

\set ON_ERROR_STOP on
BEGIN;

DO $$
DECLARE
    level text;
BEGIN
    IF to_regrole('ops_console') IS NULL THEN
        CREATE ROLE ops_console LOGIN NOINHERIT;
    END IF;
    FOREACH level IN ARRAY '{viewer,agent,manager}'::text[] LOOP
        IF to_regrole('console_' || level) IS NULL THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', 'console_' || level);
        END IF;
        EXECUTE format('GRANT %I TO ops_console', 'console_' || level);
    END LOOP;
END
$$;

SELECT taskq_grant('ops_console', 'viewer'),
       taskq_grant('console_viewer', 'viewer'),
       taskq_grant('console_agent', 'agent'),
       taskq_grant('console_manager', 'manager');

CREATE SCHEMA IF NOT EXISTS console;

-- Tokens are 256 random bits, so that a plain SHA-256 cannot be guessed back
-- from this table; a slow hash is for passwords.
CREATE TABLE IF NOT EXISTS console.staff_token (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    staff_id text NOT NULL,
    level text NOT NULL CHECK (level IN ('viewer', 'agent', 'manager')),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '1 year'
);
COMMENT ON TABLE console.staff_token IS 'Who may sign in, and with what level. Deleting a row ends the sessions that began with it.';
COMMENT ON COLUMN console.staff_token.token_hash IS 'SHA-256 of the token, which is nowhere else.';
COMMENT ON COLUMN console.staff_token.staff_id IS 'taskq_staff_member.id; only active staff can sign in.';
COMMENT ON COLUMN console.staff_token.level IS 'Level of taskq_grant() whose role the requests run as.';

CREATE TABLE IF NOT EXISTS console.session (
    session_hash bytea PRIMARY KEY CHECK (octet_length(session_hash) = 32),
    token_hash bytea NOT NULL REFERENCES console.staff_token ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS session_token_idx ON console.session (token_hash);
CREATE INDEX IF NOT EXISTS session_expires_idx ON console.session (expires_at);
COMMENT ON TABLE console.session IS 'Browsers that are signed in, by the SHA-256 of their cookie.';

CREATE TABLE IF NOT EXISTS console.saved_view (
    staff_id text NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 63),
    query text NOT NULL CHECK (char_length(query) <= 4000),
    PRIMARY KEY (staff_id, name)
);
COMMENT ON TABLE console.saved_view IS 'Views of the list of tasks that somebody has given a name.';
COMMENT ON COLUMN console.saved_view.query IS 'The address behind the question mark.';

-- Customers by any part of their name, as one types.  100,000 take 50 ms without it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX IF NOT EXISTS console_customer_name ON taskq_customer USING gin (taskq_fold(name) gin_trgm_ops);

GRANT USAGE ON SCHEMA console TO ops_console;
GRANT SELECT ON console.staff_token TO ops_console;
GRANT SELECT, INSERT, DELETE ON console.session TO ops_console;
GRANT SELECT, INSERT, UPDATE, DELETE ON console.saved_view TO ops_console;

COMMIT;
