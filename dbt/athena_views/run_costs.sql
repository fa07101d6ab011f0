-- description: Time and cost of the runs of each day by domain, step and table: one row per day, domain, step and table.
-- column day date: UTC date on which the run ended.
-- column domain varchar: Domain; marts or lakehouse for work on all, empty for what lies around several domains.
-- column step varchar: ingest, validate, transform, publish or maintain; around for the session's start and what follows.
-- column table_name varchar: Dataset or mart; null for work on none in particular.
-- column runs bigint: Number of runs that took the step; do not sum over steps, one run takes several.
-- column failed bigint: Number of those in which it failed.
-- column rows_read bigint: Number of rows read.
-- column rows_written bigint: Number of rows written.
-- column seconds decimal(18,3): Duration in seconds.
-- column dpu_seconds decimal(18,3): Seconds times data processing units of Glue; 0 of other runs.
-- column cost_usd decimal(18,6): Cost in US dollars by the price list of that day.
with

-- An entry that was written twice, because an answer of the store was lost, counts once.
entries as (
    select
        attempt_id,
        job,
        step,
        table_name,
        max(domain) as domain,
        max(state) as state,
        max(rows_read) as rows_read,
        max(rows_written) as rows_written,
        max(seconds) as seconds,
        max(dpu_seconds) as dpu_seconds,
        max(cost_usd) as cost_usd,
        max(recorded_at) as recorded_at
    from ops.steps
    group by attempt_id, job, step, table_name
)

select
    cast(recorded_at as date) as day,
    domain,
    step,
    table_name,
    count(distinct attempt_id) as runs,
    sum(case when state = 'failed' then 1 else 0 end) as failed,
    sum(rows_read) as rows_read,
    sum(rows_written) as rows_written,
    round(sum(seconds), 3) as seconds,
    round(sum(dpu_seconds), 3) as dpu_seconds,
    round(sum(cost_usd), 6) as cost_usd
from entries
group by cast(recorded_at as date), domain, step, table_name
