
-- ---------------------------------------------------------------------------
-- Public ids
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_public_id(id bigint) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME', 'taskq_public_id';
COMMENT ON FUNCTION taskq_public_id(bigint) IS
'The id of a task as it can be shown to others without telling how many tasks there are: tsk_ and 13 digits of Crockford''s base32, always the same for an id. It hides the id from readers, but it is no encryption: taskq_id() gives it back to whoever has taskq.';

-- Not LEAKPROOF: its error tells of the argument.
CREATE FUNCTION taskq_id(public_id text) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_id';
COMMENT ON FUNCTION taskq_id(text) IS
'The id that taskq_public_id() made public_id of, whether or not there is such a task. Case makes no difference; I and L are read as 1, O as 0. Errors: 22P02 for what is no public id.';
