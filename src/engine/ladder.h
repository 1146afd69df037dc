/*-------------------------------------------------------------------------
 *
 * ladder.h
 *		Thresholds before the due date of renewals.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TASKQ_LADDER_H
#define TASKQ_LADDER_H

/* Outcomes of a crossing: those that made the renewal's task what it is ... */
#define TASK_OUTCOMES "'{task created,task raised}'::pg_catalog.text[]"
/* ... and those that not every version of the SQL knows. */
#define OUTCOME_SUPERSEDED "superseded"
#define OUTCOME_CANCELLED "task cancelled"
#define OUTCOME_INACTIVE "customer inactive"

/* Who gets the tasks of a renewal r of customer c, NULL = nobody; and the agent who would, but is away. */
#define RENEWAL_ASSIGNEE "CASE WHEN s.is_active THEN s.id WHEN a.is_active AND NOT @a_is_away THEN a.id END"
#define RENEWAL_AWAY "CASE WHEN s.is_active IS NOT TRUE AND a.is_active AND @a_is_away THEN a.id END"
#define RENEWAL_WITH_STAFF \
	"@.taskq_renewal r JOIN @.taskq_customer c ON c.id " EQ " r.user_id " \
	"LEFT JOIN @.taskq_staff_member s ON s.id " EQ " r.assignee_id " \
	"LEFT JOIN @.taskq_staff_member a ON a.id " EQ " c.assigned_agent_id"

/* Result of bringing renewals up to today. */
typedef struct RenewalsDone
{
	int64	   *changed;		/* crossings, in a palloc'd array; NULL = not asked for */
	int			nchanged;
	int			max_changed;
} RenewalsDone;

/* Guard (see spi_run_past_guard()) for columns that only the engine may write. */
extern int	renewals_guard;

/* Thresholds that have been crossed in this session; what is rolled back may be among them. */
extern uint64 crossed_in_session;

extern const char *crossing_outcome(const char *outcome);
extern void renewal_refresh(int64 id, RenewalsDone *done);

#endif							/* TASKQ_LADDER_H */
