-- hr_db: what the HR site shows and writes. May be imported again: nothing is dropped, nothing is doubled.
-- All people are invented. Import into an existing database: mariadb hr_db < hr_db.sql

SET NAMES utf8mb4;

CREATE TABLE IF NOT EXISTS departments (
    id      TINYINT UNSIGNED NOT NULL PRIMARY KEY,
    code    VARCHAR(16)      NOT NULL UNIQUE,
    name_en VARCHAR(64)      NOT NULL,
    name_zh VARCHAR(64)      NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

INSERT IGNORE INTO departments (id, code, name_en, name_zh) VALUES
    (1, 'operations', 'Harbour Operations', '港口运营部'),
    (2, 'engineering', 'Platform Engineering', '平台工程部'),
    (3, 'continuity', 'Business Continuity', '业务连续性部'),
    (4, 'people', 'People & Culture', '人力资源部'),
    (5, 'finance', 'Finance', '财务部');

CREATE TABLE IF NOT EXISTS employees (
    id            SMALLINT UNSIGNED NOT NULL PRIMARY KEY,
    name_en       VARCHAR(64)       NOT NULL,
    name_zh       VARCHAR(64)       NOT NULL,
    department_id TINYINT UNSIGNED  NOT NULL,
    title_en      VARCHAR(96)       NOT NULL,
    title_zh      VARCHAR(96)       NOT NULL,
    city_en       VARCHAR(48)       NOT NULL,
    city_zh       VARCHAR(48)       NOT NULL,
    email         VARCHAR(128)      NOT NULL UNIQUE,
    hired_on      DATE              NOT NULL,
    CONSTRAINT employees_department FOREIGN KEY (department_id) REFERENCES departments (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

INSERT IGNORE INTO employees
    (id, name_en, name_zh, department_id, title_en, title_zh, city_en, city_zh, email, hired_on) VALUES
    (1001, 'Lin Qinghe', '林清和', 3, 'Head of Business Continuity', '业务连续性总监', 'Suzhou', '苏州', 'lin.qinghe@hailing.example', '2014-03-10'),
    (1002, 'Shen Yunzhou', '沈云舟', 2, 'Principal Engineer', '首席工程师', 'Suzhou', '苏州', 'shen.yunzhou@hailing.example', '2015-07-01'),
    (1003, 'Gu Nianwei', '顾念薇', 4, 'Head of People', '人力资源总监', 'Shanghai', '上海', 'gu.nianwei@hailing.example', '2013-11-18'),
    (1004, 'Tao Jinghang', '陶景行', 1, 'Harbour Master', '港务主管', 'Ningbo', '宁波', 'tao.jinghang@hailing.example', '2012-05-21'),
    (1005, 'He Suxin', '何素心', 5, 'Finance Director', '财务总监', 'Shanghai', '上海', 'he.suxin@hailing.example', '2016-02-15'),
    (1006, 'Luo Beichen', '罗北辰', 2, 'Database Engineer', '数据库工程师', 'Beijing', '北京', 'luo.beichen@hailing.example', '2018-09-03'),
    (1007, 'Jiang Wanyue', '江挽月', 3, 'Drill Coordinator', '演练协调员', 'Suzhou', '苏州', 'jiang.wanyue@hailing.example', '2019-04-22'),
    (1008, 'Amara Osei', '欧雅梦', 2, 'Network Engineer', '网络工程师', 'Hangzhou', '杭州', 'amara.osei@hailing.example', '2020-01-13'),
    (1009, 'Xu Chengyu', '许澄宇', 1, 'Shift Supervisor', '班组主管', 'Ningbo', '宁波', 'xu.chengyu@hailing.example', '2017-08-28'),
    (1010, 'Ding Ruolan', '丁若兰', 4, 'Training Partner', '培训伙伴', 'Suzhou', '苏州', 'ding.ruolan@hailing.example', '2021-03-29'),
    (1011, 'Mateo Rivas', '马腾远', 1, 'Logistics Planner', '物流计划员', 'Shenzhen', '深圳', 'mateo.rivas@hailing.example', '2022-06-06'),
    (1012, 'Fang Zhiyuan', '方致远', 2, 'Site Reliability Engineer', '站点可靠性工程师', 'Suzhou', '苏州', 'fang.zhiyuan@hailing.example', '2019-10-14'),
    (1013, 'Ye Anran', '叶安然', 5, 'Payroll Specialist', '薪酬专员', 'Shanghai', '上海', 'ye.anran@hailing.example', '2020-11-02'),
    (1014, 'Bai Mingxi', '白明曦', 3, 'Recovery Analyst', '恢复分析师', 'Beijing', '北京', 'bai.mingxi@hailing.example', '2023-02-20'),
    (1015, 'Ingrid Solberg', '苏英瑞', 2, 'Storage Engineer', '存储工程师', 'Beijing', '北京', 'ingrid.solberg@hailing.example', '2018-05-07'),
    (1016, 'Qin Haotian', '秦昊天', 1, 'Crane Operations Lead', '岸桥作业组长', 'Ningbo', '宁波', 'qin.haotian@hailing.example', '2016-12-05'),
    (1017, 'Su Yiwen', '苏以文', 4, 'Recruiter', '招聘顾问', 'Hangzhou', '杭州', 'su.yiwen@hailing.example', '2022-09-19'),
    (1018, 'Tang Lanxin', '唐兰心', 5, 'Risk Controller', '风险管理专员', 'Suzhou', '苏州', 'tang.lanxin@hailing.example', '2017-03-13'),
    (1019, 'Wei Songnian', '魏松年', 3, 'Backup Engineer', '备份工程师', 'Suzhou', '苏州', 'wei.songnian@hailing.example', '2021-07-26'),
    (1020, 'Noor Haddad', '何诺儿', 2, 'Web Developer', '前端工程师', 'Shenzhen', '深圳', 'noor.haddad@hailing.example', '2024-01-08'),
    (1021, 'Cheng Yifan', '程一帆', 1, 'Vessel Scheduler', '船期调度员', 'Ningbo', '宁波', 'cheng.yifan@hailing.example', '2020-08-17'),
    (1022, 'Pan Shuyao', '潘书瑶', 4, 'Workplace Manager', '办公环境主管', 'Suzhou', '苏州', 'pan.shuyao@hailing.example', '2018-10-30');

-- The rows that the site and probers write. The id is the writer's and compared byte by byte, so that a repeated write is seen as
-- one; `sequence` says in which order this database took them.
CREATE TABLE IF NOT EXISTS entries (
    sequence   BIGINT UNSIGNED NOT NULL AUTO_INCREMENT UNIQUE,
    id         VARCHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    text       VARCHAR(500)    NOT NULL,
    server     VARCHAR(128)    NOT NULL,
    zone       VARCHAR(64)     NOT NULL,
    created_at DATETIME(6)     NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
