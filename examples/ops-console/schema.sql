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

-- Who signs in by OpenID Connect: what the provider says of somebody, and who that is here.
CREATE TABLE IF NOT EXISTS console.staff_identity (
    identity text PRIMARY KEY CHECK (char_length(identity) BETWEEN 1 AND 255),
    staff_id text NOT NULL,
    level text NOT NULL CHECK (level IN ('viewer', 'agent', 'manager')),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE console.staff_identity IS 'Who may sign in by OpenID Connect. Deleting a row ends the sessions that began with it.';
COMMENT ON COLUMN console.staff_identity.identity IS 'The claim that OIDC_CLAIM names: an address of e-mail, or a subject.';

ALTER TABLE console.session
    ALTER token_hash DROP NOT NULL,
    ADD COLUMN IF NOT EXISTS id uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN IF NOT EXISTS identity text REFERENCES console.staff_identity ON UPDATE CASCADE ON DELETE CASCADE,
    ADD COLUMN IF NOT EXISTS last_seen_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS address text,
    ADD COLUMN IF NOT EXISTS browser text,
    DROP CONSTRAINT IF EXISTS session_of_one,
    ADD CONSTRAINT session_of_one CHECK (num_nonnulls(token_hash, identity) = 1);
CREATE INDEX IF NOT EXISTS session_identity_idx ON console.session (identity);
COMMENT ON COLUMN console.session.id IS 'What a session is called in lists; it is of no use for signing in.';
COMMENT ON COLUMN console.session.last_seen_at IS 'To the minute.';

-- Everything that lets somebody in, in one place: "hash" is that of a cookie or of a token.
CREATE OR REPLACE VIEW console.access AS
SELECT n.session_hash AS hash, true AS is_session, n.id AS session_id, n.last_seen_at,
       coalesce(t.staff_id, i.staff_id) AS staff_id, coalesce(t.level, i.level) AS level, n.token_hash
FROM console.session n
LEFT JOIN console.staff_token t ON t.token_hash = n.token_hash AND t.expires_at > now()
LEFT JOIN console.staff_identity i ON i.identity = n.identity
WHERE n.expires_at > now() AND (t.token_hash IS NOT NULL OR i.identity IS NOT NULL)
UNION ALL
SELECT t.token_hash, false, NULL, NULL, t.staff_id, t.level, t.token_hash
FROM console.staff_token t
WHERE t.expires_at > now();
COMMENT ON VIEW console.access IS 'Secrets that are good now, and whose they are; whether that member of staff is active is not looked at.';

-- The console may replace a token by another, and that is all that it may do to tokens.
CREATE OR REPLACE FUNCTION console.rotate_token(old bytea, new bytea, keep bytea) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    expires timestamptz;
BEGIN
    INSERT INTO console.staff_token (token_hash, staff_id, level, expires_at)
    SELECT new, t.staff_id, t.level, now() + (t.expires_at - t.created_at)
    FROM console.staff_token t WHERE t.token_hash = old AND t.expires_at > now()
    RETURNING expires_at INTO expires;
    IF expires IS NOT NULL THEN
        UPDATE console.session SET token_hash = new WHERE token_hash = old AND session_hash = keep;
        DELETE FROM console.staff_token WHERE token_hash = old;
    END IF;
    RETURN expires;
END
$$;
COMMENT ON FUNCTION console.rotate_token(bytea, bytea, bytea) IS 'Puts a token in the place of another, for the same member of staff, level and length of time; ends its sessions but for the one to keep. Answers until when the new one is good, NULL if the old one was not.';
REVOKE ALL ON FUNCTION console.rotate_token(bytea, bytea, bytea) FROM PUBLIC;

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
-- And the first of them all, before anything is typed.
CREATE INDEX IF NOT EXISTS console_customer_order ON taskq_customer (name, id);

GRANT USAGE ON SCHEMA console TO ops_console;
GRANT SELECT ON console.staff_token, console.staff_identity, console.access TO ops_console;
GRANT SELECT, INSERT, DELETE, UPDATE (last_seen_at) ON console.session TO ops_console;
GRANT EXECUTE ON FUNCTION console.rotate_token(bytea, bytea, bytea) TO ops_console;
GRANT SELECT, INSERT, UPDATE, DELETE ON console.saved_view TO ops_console;

COMMIT;
