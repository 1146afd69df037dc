-- Settings: defaults, bounds, and that what taskq does not know is refused.
CREATE EXTENSION taskq;
SELECT name, boot_val, unit, context, min_val, max_val, enumvals
FROM pg_settings WHERE name LIKE 'taskq.%' ORDER BY name;
SELECT count(*) AS without_description FROM pg_settings WHERE name LIKE 'taskq.%' AND coalesce(short_desc, '') = '';
SET taskq.timezone = 'Mars/Olympus_Mons';
SET taskq.timezone = 'Europe/Istanbul';
SHOW taskq.timezone;
SET taskq.sla_at_risk_percent = 0;
SET taskq.sla_at_risk_percent = 101;
SET taskq.sweep_interval = 1;
SET taskq.databases = 'a';
SET taskq.no_such_setting = 1;
SET taskq.retention = 'forever';
SET taskq.retention = '-1 day';
SET taskq.retention = '0';
SET taskq.retention = '2 years 6 months';
SET taskq.notify_channel = 'a234567890123456789012345678901234567890123456789012345678901234';
SELECT set_config('taskq.actor', repeat('a', 256), false);
CREATE ROLE regress_taskq_plain;
SET ROLE regress_taskq_plain;
SET taskq.timezone = 'UTC';
SET taskq.actor = 'anyone may say who they are';
RESET ROLE;
DROP ROLE regress_taskq_plain;
DROP EXTENSION taskq;
