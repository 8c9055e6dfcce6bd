-- Made-up enterprises of last year 2023, straight into the tables: every rule passes, fails and is left open for some of them.
-- Parameter: %(size)s. The same every time.

SELECT setseed(0.2024);

ALTER TABLE enterprises_enterprise DISABLE TRIGGER USER;

ALTER TABLE enterprises_monthlycontribution DISABLE TRIGGER USER;

CREATE TEMPORARY TABLE made AS
SELECT n, '91149100X' || lpad(n::text, 9, '0') AS uscc, a, b, c, d, 2 + floor(power(a, 4) * 600)::int AS people,
    CASE WHEN b < 0.05 THEN '分支机构' WHEN b < 0.07 THEN '社会团体' WHEN b < 0.09 THEN '律师事务所' WHEN b < 0.12 THEN '个体工商户'
        WHEN b < 0.13 THEN '机关事业单位' ELSE '企业' END AS kind,
    300 + floor(c * 500)::int * 10 AS wage
FROM (SELECT n, random() AS a, random() AS b, random() AS c, random() AS d FROM generate_series(1, %(size)s) n) drawn;

INSERT INTO enterprises_enterprise (id, uscc, unit_number, name, kind, parent_uscc, dispatch, industry, region_id, registration,
    employees, revenue, assets, recorded_size, contact, phone, phone_index, legal_person, legal_phone, legal_phone_index,
    account_name, bank, account, account_index, tax_account_name, tax_bank, tax_account, tax_account_index, voided)
SELECT n, uscc, '', '岚泊市' || substr('禾川沐岭青禹和朗启恒嘉望松柏云帆瑞景明昱泽安宁远博雅星辰海棠兰芷若溪石泉林野清晖永利长风大同', 1 + floor(a * 46)::int, 1)
        || substr('丰盛达通源汇聚成泰顺鑫隆裕康祥宏伟业昌茂荣华锦程航宇翔腾飞跃升辉耀晨曦晓阳光彩虹霞峰峦岳坤', 1 + floor(d * 45)::int, 1)
        || substr('甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥', 1 + n %% 22, 1) || (ARRAY['金属', '五金', '餐饮', '环卫', '文具'])[1 + floor(c * 5)::int] || '有限公司', kind,
    CASE WHEN kind = '分支机构' THEN '91149100X' || lpad((1 + floor(c * 1.02 * %(size)s))::text, 9, '0') ELSE '' END,
    kind = '企业' AND d < 0.01, (ARRAY['3311', '5112', '6210', '7810', ''])[1 + floor(c * 5)::int],
    (ARRAY['149101', '149102', '149121', '149122', '149100'])[1 + floor(d * 5)::int],
    CASE WHEN a < 0.01 THEN '注销' WHEN a < 0.02 THEN '经营异常' WHEN a < 0.03 THEN '' ELSE '存续' END,
    CASE WHEN c < 0.7 THEN people + floor(d * 40)::int END, CASE WHEN c < 0.6 THEN round((d * 5000)::numeric, 2) END,
    CASE WHEN c < 0.5 THEN round((d * 9000)::numeric, 2) END, (ARRAY['大型', '中型', '小型', '微型', ''])[1 + floor(a * 5)::int],
    '', '', '', '', '', '', '', '', CASE WHEN d > 0.04 THEN 'sealed' ELSE '' END, '', '', '',
    CASE WHEN d < 0.5 THEN 'sealed' ELSE '' END, '', FALSE
FROM made;

-- Twelve lines each: of some the first month is one of the year before, paid later; of some a month is not paid, not known,
-- or paid after the year; of some money was given back.
INSERT INTO enterprises_monthlycontribution (enterprise_id, month, type, arrived_on, line, headcount, wage_base, employer_due,
    employee_due, employer_paid, employee_paid, late_fee, deferred, voided)
SELECT n, CASE WHEN m = 1 AND d < 0.03 THEN date '2022-12-01' ELSE make_date(2023, m, 1) END,
    CASE WHEN m = 1 AND d < 0.03 THEN '补缴' WHEN m = 2 AND d > 0.98 THEN '退费' ELSE '正常' END,
    CASE WHEN m = 3 AND a > 0.995 THEN NULL WHEN m = 12 AND b > 0.97 THEN date '2024-01-09'
        ELSE make_date(2023, m, 8 + people %% 18) END,
    '', people + (m > 6)::int * floor(d * 3)::int, people * wage, CASE WHEN m = 5 AND b > 0.99 THEN NULL ELSE people * wage * 0.007 END,
    people * wage * 0.003, CASE WHEN m = 4 AND c > 0.97 THEN 0 ELSE people * wage * 0.007 END,
    CASE WHEN m = 4 AND c > 0.97 THEN 0 ELSE people * wage * 0.003 END, CASE WHEN m = 4 AND c > 0.99 THEN 1.5 ELSE 0 END, FALSE, FALSE
FROM made CROSS JOIN generate_series(1, 12) m;

INSERT INTO enterprises_workforceyear (enterprise_id, year, start_count, end_count, dismissals, claimants, retired, died, voided)
SELECT n, 2023, people, people + 1 - floor(c * 3)::int, floor(b * 1.1)::int, CASE WHEN b > 0.985 THEN NULL
    WHEN c < 0.8 THEN 0 ELSE floor(people * (c - 0.8) * 0.8 + b)::int END, 0, 0, FALSE
FROM made WHERE d < 0.99;

INSERT INTO enterprises_sizelisting (uscc, name, size, year, origin, voided)
SELECT uscc, '', (ARRAY['大型', '中型', '小型', '微型', '中小微'])[1 + floor(c * 5)::int], 2023, '示例统计局', FALSE FROM made WHERE a < 0.5;

INSERT INTO enterprises_creditlisting (uscc, name, type, origin, listed_on, basis, voided)
SELECT uscc, '', CASE WHEN c < 0.5 THEN '严重失信' ELSE '拖欠农民工工资' END, '示例信用平台', '2023-10-10', '', FALSE FROM made WHERE b > 0.9 AND d > 0.9;

DROP TABLE made;

ALTER TABLE enterprises_enterprise ENABLE TRIGGER USER;

ALTER TABLE enterprises_monthlycontribution ENABLE TRIGGER USER
