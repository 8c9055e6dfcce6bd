-- 筛查 as one statement: what screening writes for a whole programme of the shanxi notice, by a hand that needs nothing but SQL.
--
-- Facts, size, rules, amount, then the application, its decision and its event. It is what the screening of the product is
-- measured beside; the answers of the two are compared row by row. Parameters: %(programme)s, %(edition)s, %(path)s (region).
-- The day is 2024-06-03; lists were loaded; nobody has an application yet. 劳务派遣 units have no hosts on record.

WITH place AS (
    SELECT code FROM agency_region WHERE starts_with(path, %(path)s)
), unit AS (
    SELECT e.* FROM enterprises_enterprise e JOIN place ON place.code = e.region_id WHERE NOT e.voided
),

-- What was due and what arrived, month by month: due is said by the 正常 lines, else by the 补缴 ones.
month AS (
    SELECT enterprise_id, month, bool_or(type <> '退费') AS stated, bool_or(type = '正常') AS has_normal,
        sum(employer_due + employee_due) FILTER (WHERE type = '正常') AS normal_due,
        count(*) FILTER (WHERE type = '正常' AND employer_due + employee_due IS NULL) AS normal_unknown,
        sum(employer_due + employee_due) FILTER (WHERE type = '补缴') AS back_due,
        count(*) FILTER (WHERE type = '补缴' AND employer_due + employee_due IS NULL) AS back_unknown,
        sum(headcount) FILTER (WHERE type = '正常') AS normal_heads, sum(headcount) FILTER (WHERE type = '补缴') AS back_heads,
        sum(CASE WHEN type = '退费' THEN -abs(employer_paid + employee_paid) ELSE employer_paid + employee_paid END)
            FILTER (WHERE arrived_on IS NULL OR arrived_on <= date '2024-06-03') AS arrived,
        bool_or(arrived_on IS NULL AND type <> '退费' AND employer_paid + employee_paid <> 0) AS arrival_unknown,
        sum(employer_paid + employee_paid) FILTER (WHERE type <> '退费' AND arrived_on BETWEEN '2023-01-01' AND '2023-12-31')
            AS within_year,
        sum(employer_paid + employee_paid) FILTER (WHERE type <> '退费' AND arrived_on BETWEEN '2024-01-01' AND '2024-06-03')
            AS after_year,
        sum(late_fee) FILTER (WHERE arrived_on BETWEEN '2023-01-01' AND '2023-12-31') AS late_fees,
        sum(abs(employer_paid + employee_paid))
            FILTER (WHERE type = '退费' AND (arrived_on IS NULL OR arrived_on <= '2024-06-03')) AS given_back
    FROM enterprises_monthlycontribution WHERE NOT voided GROUP BY enterprise_id, month
), judged AS (
    SELECT *, month BETWEEN '2023-01-01' AND '2023-12-01' AS last_year,
        CASE WHEN has_normal THEN normal_heads ELSE back_heads END AS heads,
        CASE WHEN coalesce(arrived, 0) <= 0 THEN FALSE
            WHEN has_normal AND normal_unknown = 0 THEN arrived >= normal_due
            WHEN NOT has_normal AND back_unknown = 0 THEN arrived >= back_due END AS in_full
    FROM month
), paid AS (
    SELECT enterprise_id, count(*) FILTER (WHERE in_full) AS full_months, count(*) FILTER (WHERE in_full IS NULL) AS unknown_months,
        count(*) FILTER (WHERE last_year) AS months, count(*) FILTER (WHERE last_year AND in_full) AS full_last_year,
        count(*) FILTER (WHERE last_year AND in_full IS NULL) AS unknown_last_year,
        sum(heads) FILTER (WHERE last_year) AS heads, bool_and(heads IS NOT NULL) FILTER (WHERE last_year) AS heads_known,
        count(*) FILTER (WHERE last_year AND heads IS NOT NULL) AS counted,
        min(month) FILTER (WHERE last_year AND stated AND heads IS DISTINCT FROM 0) AS first_month,
        CASE WHEN NOT bool_or(arrival_unknown) FILTER (WHERE last_year)
            THEN coalesce(sum(within_year) FILTER (WHERE last_year), 0) END AS paid_normal,
        CASE WHEN bool_or(arrival_unknown) FILTER (WHERE NOT last_year) THEN NULL
            ELSE coalesce(sum(within_year) FILTER (WHERE month < '2023-01-01'), 0) END AS paid_arrears,
        CASE WHEN NOT bool_or(arrival_unknown) FILTER (WHERE last_year)
            THEN coalesce(sum(after_year) FILTER (WHERE last_year), 0) END AS paid_after_year,
        coalesce(sum(late_fees), 0) AS late_fees, coalesce(sum(given_back) FILTER (WHERE last_year), 0) AS refunded
    FROM judged GROUP BY enterprise_id
), flags AS (
    SELECT uscc, array_agg(DISTINCT type::text) AS types FROM enterprises_creditlisting
    WHERE NOT voided AND (listed_on IS NULL OR listed_on <= '2024-06-03') AND (delisted_on IS NULL OR delisted_on > '2024-06-03')
    GROUP BY uscc
), fact AS MATERIALIZED (
    SELECT unit.id, unit.uscc, unit.kind, unit.dispatch, unit.region_id, unit.parent_uscc, unit.industry, unit.employees,
        unit.revenue, unit.assets, unit.recorded_size, unit.account <> '' AS account, unit.tax_account <> '' AS tax_account,
        work.start_count, work.end_count, work.dismissals, work.claimants, work.retired, work.died,
        listed.size AS statistics_size, paid.full_months,
        CASE WHEN paid.full_months >= 12 OR paid.full_months + paid.unknown_months < 12 THEN paid.full_months END AS paid_months,
        CASE WHEN paid.months > 0 AND (paid.full_last_year >= 12 OR paid.full_last_year + paid.unknown_last_year < 12)
            THEN paid.full_last_year END AS months_paid_last_year,
        paid.heads, paid.late_fees, paid.paid_after_year, paid.refunded,
        CASE WHEN paid.heads_known AND paid.counted = 13 - extract(month FROM paid.first_month)
            THEN 13 - extract(month FROM paid.first_month) END AS months_counted,
        CASE WHEN paid.months > 0 THEN paid.paid_normal END AS paid_normal,
        CASE WHEN paid.months > 0 THEN paid.paid_arrears END AS paid_arrears,
        CASE WHEN unit.registration IN ('', '存续') THEN coalesce(flags.types, '{}')
            ELSE array_append(coalesce(flags.types, '{}'), unit.registration::text) END AS flags
    FROM unit
    LEFT JOIN paid ON paid.enterprise_id = unit.id
    LEFT JOIN enterprises_workforceyear work ON work.enterprise_id = unit.id AND work.year = 2023 AND NOT work.voided
    LEFT JOIN enterprises_sizelisting listed ON listed.uscc = unit.uscc AND listed.year = 2023 AND NOT listed.voided
    LEFT JOIN flags ON flags.uscc = unit.uscc
),

-- 统计上大中小微型企业划分办法(2017), as far as the made-up industries go: an indicator of a trade with its lower limits.
standard (trade, indicator, large, medium, small) AS (VALUES
    ('3311', 'employees', 1000, 300, 20), ('3311', 'revenue', 40000, 2000, 300), ('5112', 'employees', 200, 20, 5),
    ('5112', 'revenue', 40000, 5000, 1000), ('6210', 'employees', 300, 100, 10), ('6210', 'revenue', 10000, 2000, 100),
    ('7810', 'employees', 300, 100, 10)
), reached AS (
    SELECT fact.id, CASE WHEN value >= large THEN 4 WHEN value >= medium THEN 3 WHEN value >= small THEN 2
        WHEN value IS NOT NULL THEN 1 END AS class
    FROM fact JOIN standard ON standard.trade = fact.industry
    CROSS JOIN LATERAL (SELECT CASE indicator WHEN 'employees' THEN fact.employees ELSE fact.revenue END AS value) shown
), by_standard AS (
    SELECT id, CASE WHEN min(class) < 4 THEN '中小微' WHEN count(class) = count(*) THEN '大型' END AS size,
        CASE WHEN min(class) = 1 OR count(class) = count(*)
            THEN (ARRAY['微型', '小型', '中型', '大型'])[min(class)] END AS class
    FROM reached GROUP BY id
),

-- 晋人社厅发〔2024〕28号 二: the list, the standard, the mean count; a branch as its legal entity.
own AS MATERIALIZED (
    SELECT fact.id, fact.uscc, CASE WHEN fact.kind = '分支机构' THEN NULL
            WHEN fact.statistics_size IS NOT NULL THEN 'statistics_list' WHEN by_standard.size IS NOT NULL THEN 'size_standard'
            WHEN months_counted > 0 THEN 'insured_count' END AS basis,
        CASE WHEN fact.kind = '分支机构' THEN NULL WHEN fact.statistics_size IS NOT NULL THEN fact.statistics_size
            WHEN by_standard.size IS NOT NULL THEN coalesce(by_standard.class, by_standard.size)
            WHEN fact.heads >= 300 * months_counted THEN '大型' WHEN months_counted > 0 THEN '中小微' END AS word
    FROM fact LEFT JOIN by_standard ON by_standard.id = fact.id
), stranger AS (
    SELECT DISTINCT ON (uscc) uscc, size FROM enterprises_sizelisting WHERE NOT voided ORDER BY uscc, year DESC
), sized AS (
    SELECT fact.*, CASE WHEN fact.kind = '分支机构' THEN coalesce(parent.word, stranger.size) ELSE own.word END AS word,
        CASE WHEN fact.kind = '分支机构' THEN CASE WHEN coalesce(parent.word, stranger.size) IS NOT NULL THEN 'parent' END
            ELSE own.basis END AS basis
    FROM fact JOIN own ON own.id = fact.id
    LEFT JOIN own parent ON fact.kind = '分支机构' AND parent.uscc = fact.parent_uscc
    LEFT JOIN stranger ON fact.kind = '分支机构' AND parent.uscc IS NULL AND stranger.uscc = fact.parent_uscc
), figured AS (
    SELECT *, CASE WHEN word = '大型' THEN '大型' WHEN word IS NOT NULL THEN '中小微' END AS size,
        CASE WHEN word <> '中小微' THEN word END AS size_class,
        greatest(paid_normal + paid_arrears - refunded - CASE WHEN dispatch THEN NULL ELSE 0 END, 0) AS base_floor,
        paid_normal + paid_arrears - refunded - CASE WHEN dispatch THEN NULL ELSE 0 END AS base_sum
    FROM sized
), ruled AS (
    SELECT *, CASE WHEN base_sum IS NOT NULL THEN base_floor END AS base,
        array_remove(ARRAY[
            CASE WHEN paid_months < 12 THEN 'paid_in_full' END,
            CASE WHEN claimants > 0 AND heads > 0 AND claimants * months_counted > 0.2 * heads THEN 'layoff_rate'
                WHEN claimants > 0 AND claimants * months_counted > 0.055 * heads AND heads > 30 * months_counted
                THEN 'layoff_rate' END,
            CASE WHEN kind = '机关事业单位' THEN 'kind_covered' END,
            CASE WHEN '严重失信' = ANY(flags) THEN 'credit' END,
            CASE WHEN flags && ARRAY['注销', '吊销', '经营异常', '破产清算'] THEN 'registration' END
        ], NULL) AS failed,
        array_remove(ARRAY[
            CASE WHEN paid_months IS NULL THEN 'paid_in_full' END,
            CASE WHEN claimants IS NULL OR (claimants > 0 AND coalesce(heads, 0) * coalesce(months_counted, 0) = 0)
                THEN 'layoff_rate' END,
            CASE WHEN word IS NULL THEN 'size_known' END,
            CASE WHEN base_sum IS NULL THEN 'base_known' END
        ], NULL) AS unknown
    FROM figured
), answered AS (
    SELECT *, CASE WHEN failed <> '{}' THEN 'ineligible' WHEN unknown <> '{}' THEN 'incomplete' ELSE 'eligible' END AS outcome,
        CASE size WHEN '大型' THEN 0.3 WHEN '中小微' THEN 0.6 END AS rate
    FROM ruled
), numbered AS MATERIALIZED (
    SELECT *, nextval(pg_get_serial_sequence('refunds_application', 'id')) AS application_id,
        nextval(pg_get_serial_sequence('refunds_decision', 'id')) AS decision_id,
        CASE WHEN outcome = 'eligible' THEN round(base * rate, 2) END AS amount
    FROM answered
), application AS (
    INSERT INTO refunds_application (id, decision_id, state, enterprise_id, region_id, channel, size, amount, failed, unknown,
        programme_id, year, reason)
    SELECT application_id, decision_id, upper(outcome), id, region_id,
        CASE WHEN dispatch THEN '自主申请' ELSE '免申即享' END, coalesce(size, ''), amount, failed, unknown, %(programme)s, 2024, ''
    FROM numbered
), decision AS (
    INSERT INTO refunds_decision (id, application_id, "on", facts, outcome, size, size_class, size_basis, layoff_rate, base, rate,
        amount, payee, failed, unknown, edition_id, at)
    SELECT decision_id, application_id, '2024-06-03', json_strip_nulls(json_build_object(
            'kind', kind, 'dispatch', CASE WHEN dispatch THEN TRUE END, 'on', '2024-06-03', 'paid_months', paid_months,
            'months_paid_last_year', months_paid_last_year, 'mean_insured', (heads / nullif(months_counted, 0))::text,
            'start_insured', start_count, 'end_insured', end_count, 'dismissals', dismissals, 'claimants', claimants,
            'retired', retired, 'died', died, 'paid_normal', paid_normal::text, 'paid_arrears', paid_arrears::text,
            'paid_late_fees', late_fees::text, 'paid_after_year', paid_after_year::text, 'refunded', refunded::text,
            'statistics_size', statistics_size, 'recorded_size', nullif(recorded_size, ''), 'industry', nullif(industry, ''),
            'employees', employees, 'revenue', revenue::text, 'assets', assets::text,
            'parent_size', CASE WHEN kind = '分支机构' THEN word END, 'credit_flags', flags,
            'channel', CASE WHEN dispatch THEN '自主申请' ELSE '免申即享' END, 'account', account, 'tax_account', tax_account
        ))::text,
        outcome, coalesce(size, ''), coalesce(size_class, ''), coalesce(basis, ''),
        CASE WHEN heads > 0 THEN round(claimants * months_counted / heads, 6) END, base, rate, amount,
        CASE WHEN '注销' = ANY(flags) THEN 'held' WHEN account THEN 'corporate'
            WHEN size_class IN ('小型', '微型') AND tax_account THEN 'tax' ELSE 'held' END,
        failed, unknown, %(edition)s, now()
    FROM numbered
)
INSERT INTO agency_event (at, kind, case_kind, case_id, region_id, from_state, to_state, why, detail)
SELECT now(), 'MOVE', 'refund', application_id, region_id, '', upper(outcome), '2024-06-03 筛查', '{}' FROM numbered
