-- What day it is depends on taskq.timezone and on nothing else.
CREATE EXTENSION taskq;
SET taskq.timezone = 'Asia/Tokyo';
SET TimeZone = 'America/New_York';
SELECT taskq_today() = (statement_timestamp() AT TIME ZONE 'Asia/Tokyo')::date AS tokyo;
SET TimeZone = 'Pacific/Kiritimati';
SELECT taskq_today() = (statement_timestamp() AT TIME ZONE 'Asia/Tokyo')::date AS still_tokyo;
SELECT taskq_day_start(taskq_today()) <= statement_timestamp() AND statement_timestamp() < taskq_day_start(taskq_today() + 1) AS within;
SET TimeZone = 'UTC';
SELECT taskq_day_start('2026-06-05');
SET taskq.timezone = 'Europe/Berlin';
SELECT d, taskq_day_start(d), taskq_day_start(d + 1) - taskq_day_start(d) AS lasts
FROM unnest('{2026-03-28,2026-03-29,2026-10-25}'::date[]) d;
-- where midnight is skipped, where it comes twice, and where the day comes back for half an hour
SET taskq.timezone = 'America/Asuncion';
SELECT taskq_day_start('2023-10-01');
SET taskq.timezone = 'America/Havana';
SELECT taskq_day_start('2026-11-01');
SET taskq.timezone = '<EST>5<EDT>4,M3.2.0/2,M11.1.0/0:30';
SELECT taskq_day_start('2026-11-01');
SELECT taskq_day_start('infinity');
SELECT taskq_day_start('5874897-12-31');
SET taskq.timezone = '<+0345>-03:45';
SELECT taskq_day_start('2026-01-01');
DROP EXTENSION taskq;
