-- description: How fresh every published table is, and how large: one row per table.
-- column layer varchar: silver, quarantine or marts.
-- column table_name varchar: Table.
-- column version bigint: Version of the table that is shown.
-- column changed_at timestamp(3): When the table last changed, UTC.
-- column days_since_change bigint: Days since then.
-- column published_at timestamp(3): When this version was shown, UTC.
-- column row_count bigint: Rows, deleted ones of silver included.
-- column file_count bigint: Files.
-- column bytes bigint: Bytes of the files.
with

numbered as (
    select
        layer,
        table_name,
        version,
        changed_at,
        recorded_at,
        row_count,
        file_count,
        bytes,
        row_number() over (partition by layer, table_name order by recorded_at desc, version desc) as newest
    from ops.published
)

select
    layer,
    table_name,
    version,
    date_trunc('second', changed_at) at time zone 'UTC' as changed_at,
    date_diff('day', cast(changed_at as date), current_date) as days_since_change,
    date_trunc('second', recorded_at) at time zone 'UTC' as published_at,
    row_count,
    file_count,
    bytes
from numbered
where newest = 1
