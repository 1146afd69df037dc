-- taskq: from 0.1.0 to 0.2.0
\echo Use "ALTER EXTENSION taskq UPDATE TO '0.2.0'" to load this file. \quit

SELECT taskq_reapply_grants();
