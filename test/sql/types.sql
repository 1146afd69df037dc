-- Values and their order; nothing casts to them by itself.
CREATE EXTENSION taskq;
SELECT t::regtype AS type, enum_range(NULL::taskq_priority)::text AS values FROM unnest('{taskq_priority}'::regtype[]) t
UNION ALL SELECT 'taskq_status', enum_range(NULL::taskq_status)::text
UNION ALL SELECT 'taskq_sla_status', enum_range(NULL::taskq_sla_status)::text;
SELECT p, taskq_priority_rank(p) FROM unnest(enum_range(NULL::taskq_priority)) p;
SELECT castsource::regtype, casttarget::regtype FROM pg_cast
WHERE casttarget IN ('taskq_priority'::regtype, 'taskq_status'::regtype, 'taskq_sla_status'::regtype);
SELECT taskq_create('typed', priority => 'HIGH'::text);
SELECT taskq_create('typed', priority => 'HIGH'::text::taskq_priority) IS NOT NULL AS created;
SELECT taskq_create('typed', priority => 'high');
DROP EXTENSION taskq;
