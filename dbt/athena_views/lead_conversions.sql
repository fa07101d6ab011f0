-- description: Leads by the day of their creation and their source: how many became customers, and in which time.
-- column day date: UTC date on which the leads were created; filter by it, so that only those days are read.
-- column store varchar: Store, S and three digits.
-- column source varchar: Where the leads came from.
-- column leads bigint: Leads created on the day.
-- column converted bigint: Those that have become customers.
-- column lost bigint: Those that were given up.
-- column open_leads bigint: Those that are neither.
-- column seconds_to_conversion bigint: Seconds from creation to the last change of the converted ones, summed; divide by converted.
select
    dt as day,
    store_id as store,
    source,
    count(*) as leads,
    count_if(status = 'converted') as converted,
    count_if(status = 'lost') as lost,
    count_if(status not in ('converted', 'lost')) as open_leads,
    coalesce(sum(if(status = 'converted', date_diff('second', created_at, updated_at))), 0) as seconds_to_conversion
from silver.crm_leads
group by dt, store_id, source
