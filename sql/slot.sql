
-- ---------------------------------------------------------------------------
-- Slots: one of several databases that share the tasks
-- ---------------------------------------------------------------------------

-- Not LEAKPROOF: it throws where a text cannot be converted.
CREATE FUNCTION taskq_slot(key text) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_slot';
COMMENT ON FUNCTION taskq_slot(text) IS
'The slot, 0 to 1023, that a key (a customer''s id, or a dedupe_key) belongs to; of n slots, n a power of two, it is taskq_slot(key) & (n - 1). With h = FNV-1a, 32 bits, of the key''s bytes in UTF-8, it is (h # (h >> 10) # (h >> 20)) & 1023, and will remain so: it is the same in every version and in every database, whatever its encoding. Keys are not normalized: what differs in a byte is another key. Error: 22021 or 22P05 for a text that cannot be converted to UTF-8, in an SQL_ASCII database one that is not UTF-8.';

CREATE FUNCTION taskq_slot_number() RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT pg_catalog.min(c.slot)
    FROM (SELECT pg_catalog.substring(pg_catalog.pg_get_constraintdef(k.oid), '^CHECK \(\(\(id & \(1023\)::bigint\) = (\d+)\)\)$')::integer AS slot
          FROM pg_catalog.pg_constraint k
          WHERE k.contype = 'c' AND k.convalidated
            AND (k.conrelid = 'taskq_task'::regclass::oid AND k.conname = 'taskq_task_slot_check'
                 OR k.conrelid = 'taskq_renewal'::regclass::oid AND k.conname = 'taskq_renewal_slot_check')) c
    HAVING pg_catalog.count(c.slot) = 2 AND pg_catalog.min(c.slot) = pg_catalog.max(c.slot);
END;
COMMENT ON FUNCTION taskq_slot_number() IS
'The slot that taskq_set_slot() made of this database, 0 to 1023, as the CHECKs taskq_task_slot_check and taskq_renewal_slot_check have it; NULL = none: it has all ids.';

CREATE FUNCTION taskq_set_slot(slot integer) RETURNS void
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_set_slot';
COMMENT ON FUNCTION taskq_set_slot(integer) IS
'Makes this database one of up to 1024 whose ids never collide: from now on every id that taskq gives, of whatever table, has id & 1023 = slot, and CHECKs (taskq_task_slot_check, taskq_renewal_slot_check) refuse other tasks and renewals. slot: 0 to 1023; NULL = no slot any more, ids in steps of 1 again. Best called in a new database. Called again with the same slot it changes nothing but sequences that are behind the ids of their table, or have left the slot: so it is also what to call after a restore (taskq_customizations() prints it) and when a database was moved by logical replication. Locks taskq_task and taskq_renewal against everybody if there is something to change. For the owner of taskq_task and superusers (else 42501). Errors: 22023 slot out of bounds, 55000 there are tasks or renewals whose ids are not of the slot.';
