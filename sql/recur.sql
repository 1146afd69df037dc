
-- ---------------------------------------------------------------------------
-- Recurring dates
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_every_is_valid(every interval) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_every_is_valid';
COMMENT ON FUNCTION taskq_every_is_valid(interval) IS
'True for an interval after which dates can recur: months and days, none negative and not both zero, up to 1200 months and 36500 days, without a time of day. For CHECKs.';
