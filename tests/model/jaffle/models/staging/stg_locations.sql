select
    id as location_id,
    name as location_name,
    tax_rate,
    cast(opened_at as date) as opened_date
from {{ source('silver_jaffle', 'jaffle_stores') }}
where not is_deleted
