"""The words of the pages: what programs name in English, people read in Chinese."""

from collections.abc import Mapping

STATUS: Mapping[str, str] = {
    "filed": "已提交",
    "triage": "人工研判中",
    "assigned": "已派单，待签收",
    "handling": "办理中",
    "supplement_needed": "需要补充材料",
    "replied": "已答复",
    "resolved": "已办结",
    "refused": "不予受理",
    "withdrawn": "已撤回",
}
#: What a status means for the complainant, and what comes next.
MEANING: Mapping[str, str] = {
    "filed": "投诉已收到，正在确定由哪个单位承办。",
    "triage": "工作人员正在确定由哪个单位承办。",
    "assigned": "已交给承办单位，等待该单位签收。",
    "handling": "承办单位已经签收，正在办理。",
    "supplement_needed": "请按下面的要求补充材料，收到后继续办理。",
    "replied": "承办单位已经答复，尚未办结。",
    "resolved": "办理已经结束。",
    "refused": "这件投诉不予受理，理由见下。",
    "withdrawn": "您已撤回这件投诉，不再办理。",
}
WHAT: Mapping[str, str] = {
    "filed": "提交投诉",
    "held": "进入人工研判",
    "supplement_asked": "要求补充材料",
    "supplemented": "您补充了材料",
    "linked": "发现相关投诉",
    "refused": "不予受理",
    "assigned": "派单",
    "accepted": "签收",
    "returned": "承办单位退回，重新派单",
    "suspended": "中止计时",
    "resumed": "继续办理",
    "deadlines_moved": "期限调整",
    "replied": "答复",
    "resolved": "办结",
    "rated": "您作了评价",
    "review_asked": "您申请了复核",
    "review_decided": "复核决定",
    "reopened": "重新办理",
    "missed": "超过期限",
    "supervised": "督办",
    "withdrawn": "您撤回了投诉",
}
STAGE: Mapping[str, str] = {
    "route": "派单",
    "accept": "签收",
    "reply": "首次答复",
    "resolve": "办结",
    "redo": "重新办结",
}
REFUSAL: Mapping[str, str] = {
    "LEGAL_PROCEDURE": "已经或者应当进入诉讼、仲裁、行政复议、监察程序",
    "IN_PETITION": "已经进入信访程序",
    "DUPLICATE": "同一诉求正在办理",
    "ALREADY_DECIDED": "已有处理决定",
    "SECRET_OR_ILLEGAL": "涉及国家秘密或者违法内容",
    "OUT_OF_SCOPE": "不属于受理范围",
    "CIVIL_DISPUTE": "企业之间的民事纠纷",
    "INCOMPLETE": "没有按要求补充材料",
}
GRADE: Mapping[int, str] = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}
REOPENED: Mapping[str, str] = {"rating": "因评价不满意", "review": "经复核"}
#: The fields of the forms, as an error summary names them.
LABEL: Mapping[str, str] = {
    "enterprise.name": "企业名称",
    "enterprise.uscc": "统一社会信用代码",
    "contact.name": "联系人",
    "contact.phone": "联系电话",
    "contact.email": "电子邮箱",
    "region": "事情发生在",
    "title": "标题",
    "description": "经过与诉求",
    "matter": "事项",
    "respondent.name": "被投诉单位",
    "amount": "涉及金额",
    "supplements.text": "补充的内容",
    "rating.grade": "满意程度",
    "rating.solved": "问题是否解决",
    "rating.comment": "评价说明",
    "review.reason": "复核理由",
    "withdrawal.reason": "撤回原因",
}
DONE: Mapping[str, str] = {
    "supplements": "补充材料已经收到。",
    "rating": "评价已经收到，谢谢。",
    "review": "复核申请已经收到，由上级监督人员决定。",
    "withdrawal": "投诉已经撤回。",
}
