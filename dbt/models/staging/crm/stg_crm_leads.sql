with

-- Name, e-mail address and telephone number stay in silver: nothing built on this view needs them.
leads as (
    select
        lead_id,
        store_id,
        source,
        status,
        cast(created_at as timestamp) as created_at,
        cast(updated_at as timestamp) as updated_at,
        cast(dt as date) as dt
    from {{ source('silver_crm', 'crm_leads') }}
    where {{ not_deleted('is_deleted') }}
)

select * from leads
