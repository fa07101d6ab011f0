-- description: Open leads by the day of their creation, with their age.
-- column day date: UTC date on which the leads were created; filter by it, so that only those days are read.
-- column store varchar: Store, S and three digits.
-- column status varchar: Status of the leads: new, contacted or qualified.
-- column age_days bigint: Days since the leads were created.
-- column age_band varchar: Age of the leads in four bands.
-- column leads bigint: Number of leads.
select
    dt as day,
    store_id as store,
    status,
    date_diff('day', dt, current_date) as age_days,
    case
        when dt > cast(current_date - interval '7' day as date) then 'under 7 days'
        when dt > cast(current_date - interval '30' day as date) then '7 to 29 days'
        when dt > cast(current_date - interval '90' day as date) then '30 to 89 days'
        else '90 days and more'
    end as age_band,
    count(*) as leads
from silver.crm_leads
where status in ('new', 'contacted', 'qualified')
group by dt, store_id, status
