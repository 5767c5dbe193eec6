-- The latest state of each record, by object and key. An open failure comes first: the target
-- forgets a failed row as soon as newer rows have written all of its cells. Rows without a key
-- each stand for themselves. The newest Id is kept, whatever came after it.
with outcomes as (
    select
        *,
        case
            when key is null then id
            else org || '/' || object || '/' || key_field || '/' || key
        end as record,
        case status
            when 'loaded' then 2
            when 'resolved' then 3
            else 1
        end as rank
    from {{ source('salesforce_results', 'load_rows') }}
),

latest as (
    select
        *,
        row_number() over (partition by record order by rank, sequence desc) as place,
        first_value(salesforce_id) over (
            partition by record
            order by case when salesforce_id is null then 1 else 0 end, sequence desc
            rows between unbounded preceding and unbounded following
        ) as newest_salesforce_id
    from outcomes
)

select
    record,
    org,
    stream,
    object,
    operation,
    key_field,
    key,
    cells,
    status,
    status in ('failed', 'refused', 'unprocessed', 'uncertain') as is_open_failure,
    newest_salesforce_id as salesforce_id,
    code,
    message,
    fields,
    class,
    hint,
    attempt,
    run,
    load_job,
    job,
    settled_at,
    resolved_at
from latest
where place = 1
