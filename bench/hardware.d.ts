export declare function hardwareTable(reports: readonly object[]): { columns: string[]; rows: string[][] }
