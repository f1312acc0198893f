"""The words of the API's documents: what a service, a route and a fact is called in Chinese.

Those of fields stand in documents_fields.py and documents_answers.py; tests hold that all of them have their words.
"""

from collections.abc import Mapping

ABOUT = """\
企业投诉从提交到办结的接口。一个入口，JSON，UTF-8，时间为带时区的 RFC 3339。

- 工作人员和企业用 `Authorization: Bearer …`；投诉人也可以用受理编号加查询码（`X-Access-Code`）。
- 出错时回答 `application/problem+json`：`type` 固定，供程序判断；`detail` 是给人看的中文；`errors` 逐个指明字段。
- 会新建内容的 POST 都可以带 `Idempotency-Key`：重发得到第一次的回答，不会重复。
- 列表分页：回答里的 `next` 不为 null，就以它为 `cursor` 再问下一页；`limit` 是每页至多几件。
- 回答里以后会增加字段，请忽略不认识的；例子是系统真实的回答，长的列表只示前三项。
- 改变办件状态时可带 `If-Match`，填看到的 `version`：别人已经改过，就回答 412。
"""
ABOUT_FACTS = """\
三个服务之间只通过事实往来：一个主题，按受理编号分区，同一件投诉的事实先后有序，永久保存。
每条事实至少送达一次，`event_id` 相同即为同一条。事实里没有姓名、电话和未遮盖的原文。
`version` 是这一类事实自己的版本；旧版本永远可读，读者应忽略不认识的字段。
"""
SERVICE: Mapping[str, tuple[str, str]] = {
    "intake": ("受理", "接收投诉，告诉投诉人办到哪一步，接收补充、评价、复核和撤回。"),
    "router": ("派单", "按事项清单确定牵头单位，拿不准的交人工研判。"),
    "tracker": ("办理", "办件、期限、承办单位的待办队列、督办和指标。"),
    "operations": ("运维", "健康、指标、停放的事实；每个服务各自回答。"),
}
ROUTE: Mapping[str, str] = {
    "POST /api/v1/complaints": "提交投诉",
    "GET /api/v1/complaints/{number}": "查询进度",
    "POST /api/v1/complaints/{number}/supplements": "补充材料",
    "POST /api/v1/complaints/{number}/rating": "评价",
    "POST /api/v1/complaints/{number}/review": "申请复核",
    "POST /api/v1/complaints/{number}/withdrawal": "撤回投诉",
    "GET /api/v1/complaints/{number}/{what}": "查看投诉人或原文（留痕）",
    "GET /api/v1/matters": "事项清单",
    "GET /api/v1/agencies": "单位名录",
    "POST /api/v1/routing/preview": "试派单",
    "GET /api/v1/routing/accuracy": "派单准确率",
    "GET /api/v1/routing/versions": "派单规则的版本",
    "GET /api/v1/routing/{number}": "派单依据",
    "GET /api/v1/triage": "待研判列表",
    "GET /api/v1/triage/{number}": "待研判详情",
    "POST /api/v1/triage/{number}/decision": "研判决定",
    "POST /api/v1/triage/{number}/refusal-approval": "审批不予受理",
    "GET /api/v1/queue": "待办队列",
    "POST /api/v1/queue/claims": "领取办件",
    "PUT /api/v1/queue/claims/{number}": "延长领取",
    "DELETE /api/v1/queue/claims/{number}": "放回队列",
    "GET /api/v1/cases": "办件列表",
    "GET /api/v1/cases/{number}": "办件详情",
    "POST /api/v1/cases/{number}/acceptance": "签收",
    "POST /api/v1/cases/{number}/return": "退回",
    "POST /api/v1/cases/{number}/suspension": "中止计时",
    "POST /api/v1/cases/{number}/resumption": "继续办理",
    "POST /api/v1/cases/{number}/extension-requests": "申请延期",
    "POST /api/v1/cases/{number}/arrears": "登记账款情况",
    "POST /api/v1/cases/{number}/class": "改为简易办件",
    "POST /api/v1/cases/{number}/review-decision": "复核决定",
    "GET /api/v1/queue/opinions": "待会办的办件",
    "GET /api/v1/supervision-orders": "督办列表",
    "POST /api/v1/supervision-orders/{order}/reply": "回复督办",
    "GET /api/v1/extension-requests": "延期申请列表",
    "POST /api/v1/extension-requests/{request}/decision": "延期审批",
    "GET /api/v1/reviews": "待复核的办件",
    "GET /api/v1/bulletin": "通报名单",
    "POST /api/v1/imports": "导入历史办件",
    "GET /api/v1/webhooks": "推送地址列表",
    "POST /api/v1/webhooks": "登记推送地址",
    "GET /api/v1/webhooks/{webhook}": "一个推送地址",
    "PATCH /api/v1/webhooks/{webhook}": "更改推送地址",
    "DELETE /api/v1/webhooks/{webhook}": "取消推送",
    "POST /api/v1/webhooks/{webhook}/secret": "更换签名密钥",
    "POST /api/v1/webhooks/{webhook}/test": "试推送",
    "GET /api/v1/webhooks/{webhook}/deliveries": "推送记录",
    "POST /api/v1/webhooks/{webhook}/deliveries/{delivery}/redelivery": "重新推送",
    "POST /api/v1/cases/{number}/opinions": "会办意见",
    "POST /api/v1/cases/{number}/replies": "答复，或内部记录",
    "POST /api/v1/cases/{number}/resolution": "办结",
    "POST /api/v1/cases/{number}/supervision-orders": "督办",
    "GET /api/v1/deadlines/preview": "期限试算",
    "GET /api/v1/indicators": "指标",
    "GET /api/v1/exports/cases.csv": "导出办件（CSV）",
    "GET /api/v1/exports/cases.xlsx": "导出办件（Excel）",
    "GET /api/v1/exports/bulletin.csv": "导出月报表（CSV）",
    "GET /api/v1/exports/bulletin.xlsx": "导出月报表（Excel）",
    "GET /api/v1/exports/report.pdf": "月报（PDF）",
    "GET /healthz": "是否存活",
    "GET /readyz": "是否就绪",
    "GET /metrics": "Prometheus 指标",
    "GET /api/v1/parked/{service}": "停放的事实",
    "POST /api/v1/parked/{service}/{number}": "放回停放的事实",
}
#: What several operations answer with.
MODEL: Mapping[str, str] = {
    "Case": "办件，及其全部内容",
    "CasePage": "办件的一页",
    "Complaint": "投诉人看到的投诉",
    "DeliveryStarted": "推送已开始",
    "TriageOutcome": "研判之后的投诉",
    "Webhook": "推送地址",
}
FACT: Mapping[str, str] = {
    "ComplaintFiled": "企业提交投诉",
    "RouteStarted": "派单期限开始计时",
    "ComplaintWithdrawn": "投诉人撤回",
    "ComplaintSupplemented": "投诉人补充材料",
    "ComplaintHeld": "进入人工研判",
    "SupplementAsked": "要求补充材料",
    "RoutePaused": "派单期限中止",
    "RouteResumed": "派单期限继续",
    "ComplaintLinked": "发现相关投诉",
    "ComplaintRefused": "不予受理",
    "ComplaintAssigned": "派单",
    "CaseOpened": "进入承办单位队列",
    "CaseAccepted": "签收",
    "CaseReturned": "退回",
    "CaseClassed": "改变办件类别",
    "CaseSuspended": "中止计时",
    "CaseResumed": "继续办理",
    "ExtensionAsked": "申请延期",
    "ExtensionDecided": "延期审批",
    "DeadlinesMoved": "期限调整",
    "OpinionGiven": "会办意见",
    "NoteTaken": "内部记录",
    "CaseReplied": "答复",
    "ArrearsRecorded": "账款情况",
    "CaseResolved": "办结",
    "CaseClosed": "未经办结而结束",
    "ComplaintRated": "投诉人评价",
    "CaseRated": "评价计入",
    "ReviewAsked": "申请复核",
    "ReviewOpened": "复核开始",
    "ReviewDecided": "复核决定",
    "CaseReopened": "重新办理",
    "DeadlineWarned": "黄牌：期限将到",
    "DeadlineMissed": "红牌：期限已过",
    "AgencyNamed": "通报",
    "CaseSupervised": "督办",
    "SupervisionReplied": "督办回复",
    "CaseImported": "导入历史办件",
}
