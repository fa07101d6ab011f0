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
-- column retail_year integer: Year of the 4-4-5 calendar, which is the ISO year: a quarter has months of 4, 4 and 5 weeks.
-- column retail_quarter integer: Quarter of that calendar, 1 to 4; a week 53 belongs to the fourth.
-- column retail_month integer: Month of that calendar, 1 to 12.
-- column retail_week integer: Week within that month, from 1.
-- column holiday varchar: Name of the holiday; null on every other day.
with

-- The shops' holidays: write yours here, a line each.
holidays (day, holiday) as (
    values
    (date '2026-01-01', 'New Year''s Day'),
    (date '2026-04-03', 'Good Friday'),
    (date '2026-04-06', 'Easter Monday'),
    (date '2026-05-01', 'Labour Day'),
    (date '2026-11-01', 'All Saints'' Day'),
    (date '2026-12-25', 'Christmas Day'),
    (date '2026-12-26', 'Boxing Day'),
    (date '2027-01-01', 'New Year''s Day'),
    (date '2027-03-26', 'Good Friday'),
    (date '2027-03-29', 'Easter Monday'),
    (date '2027-05-01', 'Labour Day'),
    (date '2027-11-01', 'All Saints'' Day'),
    (date '2027-12-25', 'Christmas Day'),
    (date '2027-12-26', 'Boxing Day')
),

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
),

quarters as (
    select day, week(day) as iso_week, least((week(day) - 1) / 13, 3) as quarters_before
    from days
),

retail_weeks as (
    select day, quarters_before, iso_week - 13 * quarters_before as week_of_quarter
    from quarters
),

retail_months as (
    select
        day,
        quarters_before,
        week_of_quarter,
        case when week_of_quarter <= 4 then 0 when week_of_quarter <= 8 then 1 else 2 end as months_before
    from retail_weeks
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
    coalesce(days.day <= days.latest_complete_day, false) as is_complete,
    year_of_week(days.day) as retail_year,
    retail_months.quarters_before + 1 as retail_quarter,
    3 * retail_months.quarters_before + retail_months.months_before + 1 as retail_month,
    retail_months.week_of_quarter - 4 * retail_months.months_before as retail_week,
    holidays.holiday
from days
join retail_months
    on retail_months.day = days.day
left join holidays
    on holidays.day = days.day
left join analytics.day_completeness as with_data
    on with_data.day = days.day
