-- description: Every day from the first to the last with data, without gaps, with its week, month and quarter.
-- column day date: UTC date.
-- column week_begin date: Monday of its week.
-- column iso_year integer: Year of its ISO week; early January and late December may belong to the other year.
-- column iso_week integer: Number of its ISO week, 1 to 53.
-- column day_of_week integer: Day of the week, 1 for Monday to 7 for Sunday.
-- column is_weekend boolean: Whether it is a Saturday or a Sunday.
-- column month_begin date: First day of its month.
-- column quarter integer: Quarter of the year, 1 to 4.
-- column year integer: Calendar year.
-- column stores bigint: Stores with an order, a lead or a visit on the day; 0 on a day without data.
-- column is_complete boolean: Whether the day is not after the latest complete day.
with

newest as (
    select
        min(day) as first_day,
        max(day) as last_day,
        max(latest_complete_day) as latest_complete_day
    from analytics.day_completeness
),

days as (
    select cast(each.day as date) as day, newest.latest_complete_day
    from newest
    cross join unnest(sequence(newest.first_day, newest.last_day, interval '1' day)) as each (day)
)

select
    days.day,
    date_trunc('week', days.day) as week_begin,
    year_of_week(days.day) as iso_year,
    week(days.day) as iso_week,
    day_of_week(days.day) as day_of_week,
    day_of_week(days.day) >= 6 as is_weekend,
    date_trunc('month', days.day) as month_begin,
    quarter(days.day) as quarter,
    year(days.day) as year,
    coalesce(with_data.stores, 0) as stores,
    coalesce(days.day <= days.latest_complete_day, false) as is_complete
from days
left join analytics.day_completeness as with_data
    on with_data.day = days.day
